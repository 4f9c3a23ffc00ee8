// Package text is the one catalogue of sentences, keyed by code: the window, the command line and the docs say the same.
// It knows no rule and imports the standard library only; who speaks hands in a code and what the sentence names.
package text

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"
	"time"
)

//go:embed en.json
var english []byte

// Catalogue is the sentences of one language. Safe for concurrent use.
type Catalogue struct {
	Errors map[string]struct {
		Message string `json:"message"`
		Hint    string `json:"hint"`
	} `json:"errors"`
	Why     map[string]string `json:"why"`
	History map[string]string `json:"history"`
	Acts    map[string]string `json:"acts"`
	Undo    map[string]string `json:"undo"`
	Jobs    map[string]string `json:"jobs"`
	Holder  map[string]string `json:"holder"`
	Parked  map[string]string `json:"parked"`
	Sync    map[string]string `json:"sync"` // one sentence for each way to stand to a studio, by the state's name
	Months  []string          `json:"months"`
}

// English returns the catalogue that the program speaks. It panics when the embedded file is malformed: a build without
// it never passes its tests.
func English() *Catalogue {
	var c Catalogue
	if err := json.Unmarshal(english, &c); err != nil {
		panic("text: en.json: " + err.Error())
	}
	return &c
}

// Error returns the sentence of a code and the next step. A param "why" that is a key of the catalogue is spoken too;
// where the code has a sentence of its own for it ("no_file.add"), that one is taken.
func (c *Catalogue) Error(code string, params map[string]string) (message, hint string) {
	e, ok := c.Errors[code+"."+params["why"]]
	if why, known := c.Why[params["why"]]; known {
		params["why"] = why
	}
	if !ok {
		e, ok = c.Errors[code]
	}
	if !ok {
		e = c.Errors["internal"]
	}
	return Fill(e.Message, params), Fill(e.Hint, params)
}

// Card returns what a card of the inbox says, and the next step. verdict takes the sentence that the author of an act reads
// ("renamed.inbox"); bytes stand in it where there are any.
func (c *Catalogue) Card(code string, params map[string]string, bytes int64, verdict bool) (message, hint string) {
	if bytes > 0 {
		params["bytes"] = Bytes(bytes)
	}
	if verdict {
		params["why"] = "inbox"
	}
	return c.Error(code, params)
}

// Sentence returns a line of the history.
func (c *Catalogue) Sentence(key string, params map[string]string) string {
	return Fill(c.History[key], params)
}

// Arriving is what is told of a checkpoint that somebody saved and that has not arrived; status is "" where it was not moved.
// percent is -1 for one that is not being sent now.
func (c *Catalogue) Arriving(who, version, status string, percent int) string {
	params := map[string]string{"who": who, "version": version, "status": status}
	if percent < 0 {
		return Fill(c.Holder["announced"], params)
	}
	params["percent"] = strconv.Itoa(percent)
	return Fill(c.Holder["sending"], params)
}

// Day is "6 March"; with another year than now's, "6 March 2025".
func (c *Catalogue) Day(t, now time.Time) string {
	s := fmt.Sprintf("%d %s", t.Day(), c.Months[t.Month()-1])
	if t.Year() != now.Year() {
		s += fmt.Sprintf(" %d", t.Year())
	}
	return s
}

// Fill puts params into a sentence: {name} is its value, {?name|text} stands only when it has one, {!name|text} only
// when it has none; text may hold {name} again. Malformed braces stay as they are.
func Fill(sentence string, params map[string]string) string {
	var b strings.Builder
	for sentence != "" {
		open := strings.IndexByte(sentence, '{')
		if open < 0 {
			b.WriteString(sentence)
			break
		}
		b.WriteString(sentence[:open])
		end := closing(sentence[open:])
		if end < 0 {
			b.WriteString(sentence[open:])
			break
		}
		b.WriteString(fillOne(sentence[open+1:open+end], params))
		sentence = sentence[open+end+1:]
	}
	return b.String()
}

func fillOne(inner string, params map[string]string) string {
	name, then, conditional := strings.Cut(inner, "|")
	switch {
	case conditional && strings.HasPrefix(name, "?"):
		if params[name[1:]] == "" {
			return ""
		}
		return Fill(then, params)
	case conditional && strings.HasPrefix(name, "!"):
		if params[name[1:]] != "" {
			return ""
		}
		return Fill(then, params)
	case conditional: // {n|one|many}
		one, many, _ := strings.Cut(then, "|")
		if params[name] == "1" || params[name] == "" {
			return Fill(one, params)
		}
		return Fill(many, params)
	}
	return params[name]
}

// closing is where the brace at the front closes; -1: nowhere.
func closing(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// Bytes is a size for people: 11.4 MB. Powers of 1,000, as disks are sold and file managers count.
func Bytes(n int64) string {
	const step = 1000
	if n < step {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n), 0
	for f >= step && unit < 5 {
		f /= step
		unit++
	}
	if f >= 100 {
		return fmt.Sprintf("%.0f %cB", f, " kMGTP"[unit])
	}
	return fmt.Sprintf("%.1f %cB", f, " kMGTP"[unit])
}

// ParseBytes reads a size as people write it: 500GB, 1.5 TiB, 4096; units of 1,000, or with an i of 1,024. "" is 0.
func ParseBytes(s string) (int64, error) {
	number := strings.TrimRight(strings.ToLower(strings.TrimSpace(s)), "kmgtpib ")
	unit := strings.TrimSpace(strings.ToLower(strings.TrimSpace(s))[len(number):])
	if number == "" && unit == "" {
		return 0, nil
	}
	scale := float64(1)
	if prefix := strings.TrimSuffix(unit, "b"); prefix != "" {
		step := float64(1000)
		if short := strings.TrimSuffix(prefix, "i"); short != prefix {
			prefix, step = short, 1024
		}
		power := strings.Index("kmgtp", prefix)
		if len(prefix) != 1 || power < 0 {
			return 0, fmt.Errorf("%q is no size", s)
		}
		scale = math.Pow(step, float64(power+1))
	}
	n, err := strconv.ParseFloat(number, 64)
	if size := n * scale; err == nil && (n == 0 || size >= 1) && size < 1<<62 {
		return int64(size), nil
	}
	return 0, fmt.Errorf("%q is no size", s)
}

// Told is a line of history: its sentence, what it names, and whether the short story tells it.
type Told struct {
	Key     string
	Params  map[string]string
	AtMs    int64
	Image   bool
	InStory bool
}

// Line is the sentence of a line of history. A day in it is written as everywhere: "1 December", with its year when that
// is another than the line's.
func (c *Catalogue) Line(t Told) string {
	params := t.Params
	if t.Key == "set" {
		if day, err := time.Parse(time.DateOnly, params["to"]); err == nil {
			params = maps.Clone(params)
			params["to"] = c.Day(day, time.UnixMilli(t.AtMs))
		}
	}
	return c.Sentence(t.Key, params)
}

// Story tells a history in sentences: "Sent to WFA on 6 March with this image. Came back as Retake on 8 March." "" when
// nothing happened yet.
func (c *Catalogue) Story(told []Told, now time.Time) string {
	var b strings.Builder
	for _, t := range told {
		if !t.InStory {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		day := c.Day(time.UnixMilli(t.AtMs).In(now.Location()), now)
		b.WriteString(c.Sentence("story_day", map[string]string{"sentence": c.Line(t), "day": day}))
		if t.Image {
			b.WriteString(c.Sentence("story_image", nil))
		}
		b.WriteByte('.')
	}
	return b.String()
}
