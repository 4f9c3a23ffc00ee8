package studio

import (
	"slices"
	"strconv"
	"strings"
)

// Query is query text that was understood: terms that must all match.
type Query struct{ terms []term }

type term struct {
	not    bool
	key    string // "" is free text
	values []string
}

// Item is what a query is matched against: an asset as lists show it.
type Item struct {
	Path         string
	Kind         string // task resource collection untracked
	Type         string // name
	Tags         []string
	StatusLabel  string
	StatusName   string
	Category     string
	Assignee     string // username, "" nobody
	AssigneeName string
	Due          string // 2026-12-24 or ""
	SavedMs      int64
	Priority     int
	Parked       int
	State        string // of the file
	text         string // folded once
}

// QueryNow is what a query's relative words mean.
type QueryNow struct {
	Day string // today, 2026-12-24
	Ms  int64
	Me  string // username
}

var queryKeys = []string{"assignee", "due", "is", "older", "newer", "path", "priority", "state", "status", "tag", "type"}

var isValues = []string{"unassigned", "assigned", "parked", "task", "resource", "mine", "late", "untracked", "collection"}

var priorities = []string{"none", "low", "normal", "urgent"}

// ParseQuery reads query text: words and "phrases" that must be in the path, key:value terms, -term for not, commas
// for any of several values. CodeBadQuery names the term that was not understood and what there is.
func ParseQuery(text string) (Query, error) {
	var q Query
	for _, token := range splitQuery(text) {
		t := term{}
		body := token.text
		if !token.quoted && strings.HasPrefix(body, "-") && len(body) > 1 {
			t.not, body = true, body[1:]
		}
		key, value, keyed := strings.Cut(body, ":")
		if token.quoted || !keyed {
			t.values = []string{Fold(body)}
			q.terms = append(q.terms, t)
			continue
		}
		t.key = strings.ToLower(key)
		if !slices.Contains(queryKeys, t.key) {
			return Query{}, Refuse(CodeBadQuery, Params{Name: token.text, Why: strings.Join(queryKeys, ", ")})
		}
		for v := range strings.SplitSeq(value, ",") {
			if v = Fold(strings.Trim(v, `"`)); v != "" {
				t.values = append(t.values, v)
			}
		}
		if why := t.problem(); why != "" {
			return Query{}, Refuse(CodeBadQuery, Params{Name: token.text, Why: why})
		}
		q.terms = append(q.terms, t)
	}
	return q, nil
}

type queryToken struct {
	text   string
	quoted bool
}

// splitQuery cuts at spaces outside quotation marks.
func splitQuery(text string) []queryToken {
	var tokens []queryToken
	var now strings.Builder
	quoted, wholly := false, false
	end := func() {
		if now.Len() > 0 {
			tokens = append(tokens, queryToken{now.String(), wholly})
		}
		now.Reset()
		wholly = false
	}
	for _, r := range text {
		switch {
		case r == '"':
			if !quoted && now.Len() == 0 {
				wholly = true
			}
			quoted = !quoted
		case !quoted && (r == ' ' || r == '\t' || r == '\n' || r == '\r'):
			end()
		default:
			now.WriteRune(r)
		}
	}
	end()
	return tokens
}

// problem says why a term cannot mean anything: "" when it can.
func (t term) problem() string {
	if len(t.values) == 0 {
		return t.key + ":…"
	}
	for _, v := range t.values {
		switch t.key {
		case "is":
			if !slices.Contains(isValues, v) {
				return strings.Join(isValues, ", ")
			}
		case "priority":
			if !slices.Contains(priorities, v) && (len(v) != 1 || v[0] < '0' || v[0] > '3') {
				return strings.Join(priorities, ", ")
			}
		case "due":
			if _, ok := dueSpan(v); !ok && v != "none" && v != "today" && v != "late" && !IsDay(strings.TrimLeft(v, "<>")) {
				return "none, today, late, <2w, 2026-12-24, <2026-12-24"
			}
		case "older", "newer":
			if _, ok := span(v); !ok {
				return "3d, 2w, 1m"
			}
		}
	}
	return ""
}

// span reads 3d, 2w, 1m, 1y: days.
func span(v string) (days int, ok bool) {
	if len(v) < 2 {
		return 0, false
	}
	n, err := strconv.Atoi(v[:len(v)-1])
	unit := strings.IndexByte("dwmy", v[len(v)-1])
	if err != nil || n < 0 || n > 10_000 || unit < 0 {
		return 0, false
	}
	return n * []int{1, 7, 30, 365}[unit], true
}

func dueSpan(v string) (days int, ok bool) {
	if !strings.HasPrefix(v, "<") {
		return 0, false
	}
	return span(v[1:])
}

// String is the query in its one canonical form: ParseQuery of it gives the same query.
func (q Query) String() string {
	parts := make([]string, len(q.terms))
	for i, t := range q.terms {
		s := ""
		if t.not {
			s = "-"
		}
		if t.key == "" {
			if v := t.values[0]; strings.ContainsAny(v, " \t\n\r:") || strings.HasPrefix(v, "-") {
				parts[i] = s + `"` + v + `"`
			} else {
				parts[i] = s + v
			}
			continue
		}
		values := make([]string, len(t.values))
		for j, v := range t.values {
			values[j] = v
			if strings.ContainsAny(v, " \t\n\r") {
				values[j] = `"` + v + `"`
			}
		}
		parts[i] = s + t.key + ":" + strings.Join(values, ",")
	}
	return strings.Join(parts, " ")
}

// Values lists what the query asks of a key, folded: for a check of names that must exist.
func (q Query) Values(key string) (values []string) {
	for _, t := range q.terms {
		if t.key == key {
			values = append(values, t.values...)
		}
	}
	return values
}

// Empty tells whether everything matches.
func (q Query) Empty() bool { return len(q.terms) == 0 }

// Match tells whether an item meets every term.
func (q Query) Match(it *Item, now QueryNow) bool {
	for _, t := range q.terms {
		hit := false
		for _, v := range t.values {
			if t.match(it, v, now) {
				hit = true
				break
			}
		}
		if hit == t.not {
			return false
		}
	}
	return true
}

func (t term) match(it *Item, v string, now QueryNow) bool {
	switch t.key {
	case "", "path":
		if it.text == "" {
			it.text = Fold(it.Path)
		}
		return strings.Contains(it.text, v)
	case "status":
		return Fold(it.StatusLabel) == v || Fold(it.StatusName) == v || it.Category == v
	case "assignee":
		switch v {
		case "none":
			return it.Kind == "task" && it.Assignee == ""
		case "me":
			return it.Assignee != "" && it.Assignee == now.Me
		}
		return it.Assignee != "" && (it.Assignee == v || hasWordStart(Fold(it.AssigneeName), v))
	case "type":
		return it.Type != "" && strings.HasPrefix(Fold(it.Type), v)
	case "tag":
		return slices.ContainsFunc(it.Tags, func(tag string) bool { return Fold(tag) == v })
	case "state":
		return it.State == v
	case "priority":
		return priorities[it.Priority] == v || strconv.Itoa(it.Priority) == v
	case "older", "newer":
		days, _ := span(v)
		old := it.SavedMs < now.Ms-int64(days)*24*3600*1000
		return it.SavedMs > 0 && old == (t.key == "older")
	case "due":
		return it.dueIs(v, now.Day)
	}
	return it.is(v, now)
}

func (it *Item) is(v string, now QueryNow) bool {
	switch v {
	case "unassigned":
		return it.Kind == "task" && it.Assignee == ""
	case "assigned":
		return it.Assignee != ""
	case "parked":
		return it.Parked > 0
	case "mine":
		return it.Assignee != "" && it.Assignee == now.Me
	case "late":
		return it.dueIs("late", now.Day)
	}
	return it.Kind == v
}

func (it *Item) dueIs(v, today string) bool {
	switch {
	case v == "none":
		return it.Due == ""
	case it.Due == "":
		return false
	case v == "today":
		return it.Due == today
	case v == "late":
		return it.Due < today && it.Category != "done"
	case strings.HasPrefix(v, "<") && IsDay(v[1:]):
		return it.Due < v[1:]
	case strings.HasPrefix(v, ">"):
		return it.Due > v[1:]
	}
	if days, ok := dueSpan(v); ok {
		return dayNumber(it.Due)-dayNumber(today) < days
	}
	return it.Due == v
}

// dayNumber counts days from a fixed day, by the civil calendar (Fliegel and Van Flandern, CACM 1968).
func dayNumber(day string) int {
	if !IsDay(day) {
		return 0
	}
	y, _ := strconv.Atoi(day[:4])
	m, _ := strconv.Atoi(day[5:7])
	d, _ := strconv.Atoi(day[8:])
	return (1461*(y+4800+(m-14)/12))/4 + (367*(m-2-12*((m-14)/12)))/12 - (3*((y+4900+(m-14)/12)/100))/4 + d - 32075
}

func hasWordStart(text, start string) bool {
	for i := range text {
		if (i == 0 || text[i-1] == ' ' || text[i-1] == '-' || text[i-1] == '.') && strings.HasPrefix(text[i:], start) {
			return true
		}
	}
	return false
}

// String is the category in texts and JSON.
func (c Category) String() string {
	names := [...]string{"", "todo", "active", "review", "retake", "done", "blocked"}
	if int(c) < len(names) {
		return names[c]
	}
	return ""
}

// CategoryNamed finds a category by its name.
func CategoryNamed(name string) (Category, bool) {
	for c := CategoryTodo; c <= CategoryBlocked; c++ {
		if c.String() == name {
			return c, true
		}
	}
	return 0, false
}

// String is the kind in texts and JSON.
func (k AssetKind) String() string {
	if k == Task {
		return "task"
	}
	return "resource"
}

// Slug is the short label in lower case, as programs name the status.
func (s Status) Slug() string { return strings.ToLower(s.Label) }
