package studio

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf16"
)

// Candidate is a person who could be given a task.
type Candidate struct {
	Member Member
	Recent int  // place in the list of those worked with lately, from 1; 0: not in it
	Holds  bool // holds all of the tasks
	Held   bool // held one of them before
	Fits   bool // works in the department that the type belongs to
	Open   int  // tasks held that are not done
}

// Suggested is a candidate that matches, and where the name does: UTF-16 units, as a screen counts.
type Suggested struct {
	Candidate
	Start, End int
}

// Suggest finds and orders the people for an assignee picker. Every word of the text is in some part of the full name,
// the username or the e-mail. First who is called exactly that, then those worked with lately, those who held the task
// before, those who fit, the least loaded, the name.
func Suggest(text string, people []Candidate) []Suggested {
	words := strings.Fields(Fold(text))
	found := []Suggested{}
	for _, p := range people {
		if p.Member.Gone {
			continue
		}
		if s, ok := p.match(words); ok {
			found = append(found, s)
		}
	}
	slices.SortStableFunc(found, func(a, b Suggested) int {
		return cmp.Or(
			first(a.called(words), b.called(words)),
			first(a.Recent > 0, b.Recent > 0), cmp.Compare(a.Recent, b.Recent), first(a.Held, b.Held),
			first(a.Fits, b.Fits), cmp.Compare(a.Open, b.Open),
			strings.Compare(Fold(a.Member.DisplayName()), Fold(b.Member.DisplayName())),
			strings.Compare(a.Member.Username, b.Member.Username))
	})
	return found
}

func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// called tells whether the words are the username, or words of the name: who types "ana" means Ana, not Tanaka.
func (c Candidate) called(words []string) bool {
	names := append(strings.Fields(Fold(c.Member.DisplayName())), c.Member.Username)
	for _, w := range words {
		if !slices.Contains(names, w) {
			return false
		}
	}
	return len(words) > 0
}

func (c Candidate) match(words []string) (Suggested, bool) {
	s := Suggested{Candidate: c}
	name := c.Member.DisplayName()
	folded := Fold(name)
	rest := folded + "\n" + c.Member.Username + "\n" + Fold(c.Member.Email)
	for i, w := range words {
		if !strings.Contains(rest, w) {
			return s, false
		}
		if at := strings.Index(folded, w); i == 0 && at >= 0 && len(folded) == len(name) {
			s.Start = len(utf16.Encode([]rune(name[:at])))
			s.End = s.Start + len(utf16.Encode([]rune(name[at:at+len(w)])))
		}
	}
	return s, true
}
