package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"framehold/internal/session"
	"framehold/internal/studio"
	"framehold/internal/text"
)

// Exit codes.
const (
	exitDone     = 0
	exitFailure  = 1
	exitUsage    = 2
	exitRefused  = 3
	exitParked   = 4
	exitNotFound = 5
	exitOffline  = 6
	exitDamaged  = 7
)

// exitOf is the exit code of an error's code.
func exitOf(err error) int {
	switch studio.CodeOf(err) {
	case "":
		return exitDone
	case studio.CodeInternal, studio.CodeFileBusy, studio.CodeDiskFull, studio.CodeReadOnly, studio.CodeStoreNewer,
		studio.CodeStoreInUse, studio.CodeTooLong, studio.CodeInvalidName, studio.CodeTimeout, studio.CodeCancelled,
		studio.CodeNotAnImage, studio.CodeImageTooBig, studio.CodeInTheWay, studio.CodeOutside, studio.CodeUnsupported,
		studio.CodeUnusableName, studio.CodeStudioKeyMissing, studio.CodeCertificateLost, studio.CodeWrongCertificate,
		studio.CodePasswordShort, studio.CodePortTaken:
		return exitFailure
	case studio.CodeUsage, studio.CodeEmptyComment, studio.CodeBadQuery, studio.CodeInvalidLink:
		return exitUsage
	case studio.CodeNotAProject, studio.CodeStoreMissing, studio.CodeUnknownAsset, studio.CodeUnknownMember,
		studio.CodeUnknownStatus, studio.CodeUnknownCheckpoint, studio.CodeUnknownType, studio.CodeUnknownRole,
		studio.CodeUnknownNote, studio.CodeUnknownAsk, studio.CodeUnknownTarget, studio.CodeNoFile, studio.CodeNotTracked,
		studio.CodeUnknownUser, studio.CodeUnknownInvitation, studio.CodeStudioMissing, studio.CodeUnknownProject, studio.CodeNoAddress:
		return exitNotFound
	case studio.CodeUnreachable:
		return exitOffline
	case studio.CodeDamaged:
		return exitDamaged
	}
	return exitRefused
}

// worst is the exit code for several items: the first of 7, 1, 3, 5, 4, 2 that occurred.
func worst(errs []error) (int, error) {
	for _, exit := range []int{exitDamaged, exitFailure, exitRefused, exitNotFound, exitUsage} {
		for _, err := range errs {
			if err != nil && exitOf(err) == exit {
				return exit, err
			}
		}
	}
	return exitDone, nil
}

type errorJSON struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

func (c *command) errorJSON(err error) *errorJSON {
	if err == nil {
		return nil
	}
	code, params := studio.CodeInternal, map[string]string{}
	if r, ok := studio.RefusalOf(err); ok {
		code, params = r.Code, r.Params.Map()
	}
	message, hint := c.catalogue.Error(string(code), params)
	return &errorJSON{string(code), message, hint}
}

// fail says an error and returns its exit code.
func (c *command) fail(err error) int {
	told := c.errorJSON(err)
	c.sayError(told, err)
	if c.json {
		c.print(map[string]any{"error": told})
	}
	return exitOf(err)
}

func (c *command) sayError(e *errorJSON, cause error) {
	fmt.Fprintln(c.Err, "framehold:", legible(e.Message, lines))
	if e.Hint != "" {
		fmt.Fprintln(c.Err, legible(e.Hint, lines))
	}
	if e.Code == string(studio.CodeInternal) {
		fmt.Fprintln(c.Err, "Cause:", legible(cause.Error(), lines))
	}
}

func (c *command) print(v any) {
	enc := json.NewEncoder(c.Out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // our own types always encode; a closed pipe has no one to tell
}

// sayErr writes a sentence for people beside the answer.
func (c *command) sayErr(format string, args ...any) {
	if !c.quiet {
		fmt.Fprintln(c.Err, legible(fmt.Sprintf(format, args...), lines))
	}
}

// answer gives the JSON document, or lets people read.
func (c *command) answer(v any, people func(w io.Writer)) {
	if c.json {
		c.print(v)
		return
	}
	if !c.quiet {
		var table strings.Builder
		w := tabwriter.NewWriter(&table, 0, 8, 2, ' ', tabwriter.DiscardEmptyColumns)
		people(w)
		_ = w.Flush()
		_, _ = io.WriteString(c.Out, c.plain(table.String()))
	}
}

type resultJSON struct {
	ID    string     `json:"id"`
	Path  string     `json:"path"`
	Done  bool       `json:"done"`
	Error *errorJSON `json:"error"`
}

type bulkJSON struct {
	Results []resultJSON `json:"results"`
	Done    int          `json:"done"`
	Refused int          `json:"refused"`
	Error   *errorJSON   `json:"error,omitempty"`
}

// bulk says what became of an act on many: verb is past tense, "assigned to Ben".
func (c *command) bulk(out session.Outcome, err error, verb string) error {
	if err != nil {
		return err
	}
	doc := bulkJSON{Results: []resultJSON{}, Done: out.Done(), Refused: out.Refused()}
	errs := []error{}
	for _, r := range out.Results {
		doc.Results = append(doc.Results, resultJSON{idText(r.Entity), r.Path, r.Err == nil, c.errorJSON(r.Err)})
		errs = append(errs, r.Err)
	}
	exit, first := worst(errs)
	doc.Error = c.errorJSON(first)
	c.answer(doc, func(w io.Writer) {
		for _, r := range out.Results {
			if r.Err == nil {
				fmt.Fprintf(w, "%s\t%s\n", r.Path, map[bool]string{true: verb + " already", false: verb}[r.Already])
			}
		}
	})
	return c.told(exit, errs)
}

// told says the errors of several items to people, once each sentence, and keeps the exit code.
func (c *command) told(exit int, errs []error) error {
	if exit == exitDone {
		return nil
	}
	said := map[string]bool{}
	for _, err := range errs {
		if err == nil {
			continue
		}
		e := c.errorJSON(err)
		if key := e.Message + e.Hint; !said[key] {
			said[key] = true
			c.sayError(e, err)
		}
	}
	return toldError{exit}
}

const (
	progressAfter = time.Second
	progressEach  = 100 * time.Millisecond
)

// sparse shows how far work of many acts is where no line can be drawn over: a line at each quarter.
func (c *command) sparse() session.Progress {
	if c.json || c.quiet {
		return nil
	}
	next := int64(25)
	return func(s session.Step) {
		if s.Total > 0 && s.Done*100/s.Total >= next && next < 100 {
			fmt.Fprintf(c.Err, "%d %% done\n", next)
			next += 25
		}
	}
}

// progress shows how far long work is, on a terminal, once it takes more than a second. done takes the line away.
func (c *command) progress() (show session.Progress, done func()) {
	if !c.Terminal || c.json || c.quiet {
		return nil, func() {}
	}
	began, last, shown := c.env.Clock.Now(), time.Time{}, false
	show = func(s session.Step) {
		now := c.env.Clock.Now()
		if now.Sub(began) < progressAfter || now.Sub(last) < progressEach {
			return
		}
		last, shown = now, true
		rate := float64(s.Done) / now.Sub(began).Seconds()
		line := fmt.Sprintf("%s %s of %s", s.Phase, text.Bytes(s.Done), text.Bytes(s.Total))
		if rate > 1 && s.Total > s.Done {
			left := time.Duration(float64(s.Total-s.Done) / rate * float64(time.Second)).Round(time.Second)
			line += fmt.Sprintf(", %s/s, %s left", text.Bytes(int64(rate)), left)
		}
		fmt.Fprintf(c.Err, "\r\x1b[K%s", line)
	}
	return show, func() {
		if shown {
			fmt.Fprint(c.Err, "\r\x1b[K")
		}
	}
}

var colours = regexp.MustCompile("\x1b\\[(0|3[0-7])m")

// plain is a table as it goes out: legible, and on a terminal its colours stay.
func (c *command) plain(table string) string {
	if !c.Terminal {
		return legible(table, lines)
	}
	var b strings.Builder
	from := 0
	for _, at := range colours.FindAllStringIndex(table, -1) {
		b.WriteString(legible(table[from:at[0]], lines) + table[at[0]:at[1]])
		from = at[1]
	}
	return b.String() + legible(table[from:], lines)
}

// colour marks a status on a terminal by its category.
func (c *command) colour(category studio.Category, s string) string {
	if !c.Terminal {
		return s
	}
	code := map[studio.Category]string{studio.CategoryTodo: "37", studio.CategoryActive: "34", studio.CategoryReview: "33",
		studio.CategoryRetake: "31", studio.CategoryDone: "32", studio.CategoryBlocked: "35"}[category]
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// visible shows a path so that every byte can be seen: what is not UTF-8 as \xNN, controls escaped.
func visible(path string) string { return legible(path, "") }

// legible is a text that a terminal only shows: what people wrote, and how they named files, moves no cursor, sets no
// title and turns no line around. Controls are escaped, but those of keep; what is not UTF-8 is \xNN.
func legible(s, keep string) string {
	var b strings.Builder
	for i, wide := 0, 0; i < len(s); i += wide {
		var r rune
		r, wide = utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && wide == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case strings.ContainsRune(keep, r), !unicode.IsControl(r) && !unicode.Is(unicode.Bidi_Control, r):
			b.WriteString(s[i : i+wide])
		case r == '\r' && keep != "" && strings.HasPrefix(s[i:], "\r\n"): // a line's end as Windows writes it
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}

// lines are the controls that a sentence or a table may have.
const lines = "\n\t"

// idText is an id; "" where there is none.
func idText(id studio.ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

func rfc3339(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
