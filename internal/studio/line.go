package studio

// Line is one line of the log, as people and programs read it (product section 6).
type Line struct {
	Seq        uint64
	Kind       string
	Actor      UserID
	AtMs       int64
	ReceivedMs int64
	Asset      AssetID
	Path       string
	Checkpoint CheckpointID
	Label      string // v4, or ""
	Status     string // the task's status after, short label in lower case; "" when it has none
	From, To   string // a status key, a username, a name ...
	Text       string // comment, reason, note
	Preview    Hash
}

// LineOf is the line of an event, from the view before it and its decision; shown is false for what the log leaves out:
// announcements (their seal is shown), and ranks.
func LineOf(ev Event, body Body, before View, d Decision) (line Line, shown bool) {
	if ev.Reason == CodeUnreadable {
		return line, false
	}
	l := Line{
		Seq: ev.Seq, Actor: ev.Actor, AtMs: int64(ev.MadeHybrid >> 16), ReceivedMs: ev.ReceivedMs,
		Checkpoint: ev.About,
	}
	after := NewState(before)
	for _, r := range d.Puts {
		after.set(r, r)
	}
	if a, ok := after.Asset(AssetID{ev.Entity}); ok {
		l.Asset = a.ID
	}
	if s, ok := after.Status(ev.Status); ok {
		l.Status = s.Slug()
	}
	l.Path = PathOf(after, ev.Entity)
	if l.Kind = l.describe(ev, body, before, after); l.Kind == "" {
		return l, false
	}
	if !ev.Undoes.IsZero() {
		l.Text = l.Kind
		l.Kind = "undo"
	}
	if k, ok := after.Checkpoint(l.Checkpoint); ok {
		l.Label, l.Preview = LabelIn(after, k), k.Preview
	}
	return l, true
}

// describe fills what a kind of event says and returns its name: "" when it is not shown.
func (l *Line) describe(ev Event, body Body, before, after View) string {
	switch b := body.(type) {
	case *CreateBody:
		if !b.First.IsZero() {
			return "add"
		}
		return "create"
	case *RenameBody:
		l.From, l.To = b.Seen, b.Name
		return "rename"
	case *MoveBody:
		l.From, l.To = PathOf(before, b.Seen.ID), PathOf(before, b.Parent.ID)
		return "move"
	case *TrashBody:
		return "trash"
	case *EmptyBody:
		switch ev.Kind {
		case KindPurge:
			return "purge"
		case KindRoadEnd:
			return "road_end"
		}
		return "restore"
	case *MergeBody:
		l.From, l.To = PathOf(before, b.Other.ID), PathOf(before, ev.Entity)
		return "merge"
	case *RoadBody:
		l.To = dayOf(b.UntilMs)
		return "road"
	case *HandoverAskBody:
		l.To = username(before, b.To)
		return "ask"
	case *HandoverAnswerBody:
		l.Text = b.Text
		if b.Yes {
			return "hand_in"
		}
		return "not_yet"
	case *ConvertBody:
		l.From, l.To = (Task + Resource - b.To).String(), b.To.String()
		return "convert"
	case *SetBody:
		l.From, l.To, l.Text = b.Seen, b.Value, b.Field.String()
		return "set"
	case *TagBody:
		l.Text = b.Tag
		if ev.Kind == KindTagAdd {
			l.To = b.Tag
		} else {
			l.From = b.Tag
		}
		return "tag"
	case *DependBody:
		l.Text = PathOf(before, b.Target)
		if ev.Kind == KindDependAdd {
			l.To = l.Text
		} else {
			l.From = l.Text
		}
		return "depend"
	case *AssignBody:
		return l.assigned(ev, b, before)
	case *StatusBody:
		l.From, l.To, l.Text = statusKey(before, b.From), statusKey(before, b.To), b.Reason
		return "status"
	}
	return l.describeContent(ev, body, after)
}

func (l *Line) describeContent(ev Event, body Body, after View) string {
	switch b := body.(type) {
	case *SealBody:
		k, _ := after.Checkpoint(b.Checkpoint)
		l.Checkpoint, l.Text = b.Checkpoint, k.Comment
		if ev.Verdict == Kept {
			return "parked"
		}
		l.From, l.To = statusKey(after, b.From), statusKey(after, b.To)
		return "checkpoint"
	case *CheckpointBody:
		l.Checkpoint = b.Checkpoint
		return "drop"
	case *ParkedBody:
		l.Checkpoint = b.Root
		switch ev.Kind {
		case KindAdopt:
			return "adopt"
		case KindCopy:
			return "copy"
		case KindParkedAsk:
			l.To = username(after, b.Of)
			return "ask_adopt"
		}
		l.To = map[Kind]string{KindKeep: "kept", KindParkedTrash: "trashed", KindParkedRestore: "open"}[ev.Kind]
		return "parked"
	case *NoteBody:
		l.Checkpoint, l.Text = b.Checkpoint, b.Text
		return "note"
	case *NoteEditBody:
		n, _ := after.Note(b.Note)
		l.Checkpoint, l.Text, l.To = n.Checkpoint, n.Text, "changed"
		if n.Withdrawn {
			l.To = "withdrawn"
		}
		return "note"
	case *ResolveBody:
		n, _ := after.Note(b.Note)
		l.Checkpoint, l.Text, l.To = n.Checkpoint, n.Text, "open"
		if b.Done {
			l.To = "done"
		}
		return "note"
	case *RowBody, *StatusRemoveBody:
		if ev.Kind == KindMemberSet {
			m, _ := after.Member(UserID{ev.Entity})
			l.Text = m.Username
			return "member"
		}
		return "settings"
	}
	return ""
}

func (l *Line) assigned(ev Event, b *AssignBody, before View) string {
	held, _ := before.Assignment(b.Expect)
	l.From, l.To, l.Text = username(before, held.To), username(before, b.To), b.Reason
	switch {
	case b.To.IsZero():
		return "unassign"
	case b.To == ev.Actor && held.To.IsZero():
		return "claim"
	}
	return "assign"
}

func username(view View, id UserID) string {
	m, _ := view.Member(id)
	return m.Username
}

func statusKey(view View, id StatusID) string {
	s, _ := view.Status(id)
	return s.Slug()
}

// Sentence names how a line reads; the catalogue has a text for each.
type Sentence string

// Sentences of the history that follow a status's category, never its name.
const (
	SentenceSent       Sentence = "sent"       // to review
	SentenceResent     Sentence = "resent"     // to review, after a retake
	SentenceRetake     Sentence = "came_back"  // to retake
	SentenceDone       Sentence = "done"       // to done
	SentenceResumed    Sentence = "resumed"    // a checkpoint that goes on after a retake
	SentenceMoved      Sentence = "moved"      // to anything else
	SentenceCheckpoint Sentence = "checkpoint" // without a move
	SentenceOther      Sentence = "other"      // named by its kind
)

// Told is a line and how it reads in the story of its task.
type Told struct {
	Line
	Sentence Sentence
	StatusTo string // name of the status it went to, or was made at
	InStory  bool   // part of the short story: what happened to the task, not every checkpoint
}

// Tell gives each line of one task its sentence, oldest first. category finds a status's category by its key.
func Tell(lines []Line, category func(key string) Category) []Told {
	told := make([]Told, len(lines))
	retaken, reviewed := false, false
	for i, l := range lines {
		t := Told{Line: l, Sentence: SentenceOther, StatusTo: l.Status}
		if l.Kind == "checkpoint" {
			t.Sentence = SentenceCheckpoint
		}
		if l.To != "" && (l.Kind == "checkpoint" || l.Kind == "status") {
			t.StatusTo = l.To
			t.Sentence, t.InStory = SentenceMoved, true
			switch category(l.To) {
			case CategoryReview:
				t.Sentence = SentenceSent
				if retaken && reviewed {
					t.Sentence = SentenceResent
				}
				reviewed = true
			case CategoryRetake:
				t.Sentence, retaken = SentenceRetake, true
			case CategoryDone:
				t.Sentence = SentenceDone
			case CategoryActive:
				if retaken && l.Kind == "checkpoint" {
					t.Sentence = SentenceResumed
				} else {
					t.InStory = l.Kind == "status" && reviewed
				}
			default:
				t.InStory = reviewed
			}
		}
		told[i] = t
	}
	return told
}
