package demo

// piece is one file of the film and what happens to it.
type piece struct {
	path     string
	kind     string
	holder   string // who holds it; "" = a resource, or with task nobody
	task     bool
	tags     []string
	art      []string // pictures of its versions, for .jpg
	due      int      // days from today
	priority int
	planned  bool // no file yet
	dirty    bool // changed and not saved
	loose    bool // stands in the folder and is not tracked
	story    []event
}

// event is one step of a story.
type event struct {
	does   string // save move give note
	by     string // "" = the holder
	to     string // status
	text   string
	notes  []string
	image  string
	reason string
}

func wip(text string) event         { return event{does: "save", to: "wip", text: text} }
func keep(text string) event        { return event{does: "save", text: text} }
func sent(text, image string) event { return event{does: "save", to: "wfa", text: text, image: image} }
func retake(notes ...string) event {
	return event{does: "move", by: "chloe", to: "retake", notes: notes}
}
func approved() event                   { return event{does: "move", by: "chloe", to: "done"} }
func started() event                    { return event{does: "move", to: "wip"} }
func given(to, reason string) event     { return event{does: "give", by: "emi", text: to, reason: reason} }
func noted(by, text string) event       { return event{does: "note", by: by, text: text} }
func only(events ...event) []event      { return events }
func tags(t ...string) []string         { return t }
func pictures(names ...string) []string { return names }

// pieces is the film.
func pieces() []piece {
	return append(append(append(characters(), world()...), shots()...), around()...)
}

func characters() []piece {
	return []piece{
		{path: "assets/characters/tobias_concept.jpg", kind: "Concept", holder: "ben", tags: tags("hero"), art: pictures("tobias", "turnaround"),
			story: only(wip("Cape is shorter now"), sent("Both sides of the turnaround", "turnaround"), approved())},
		{path: "assets/characters/tobias_model.obj", kind: "Modeling", holder: "ben", tags: tags("hero"), priority: 2, due: 2,
			story: only(wip("Blocked the body"), sent("Hands and face", "clay"), retake("The nose is too sharp from the side", "Left hand has six fingers"),
				wip("New nose"), sent("Nose and hand fixed", "hero"), approved())},
		{path: "assets/characters/tobias_rig.csv", kind: "Rigging", holder: "farid", tags: tags("hero", "rig"), due: 3, priority: 1,
			story: only(wip("Spine and neck"), sent("Face controls", "rig"), retake("Shoulders collapse above 90 degrees"), wip("Shoulder helpers"))},
		{path: "assets/characters/tobias_texture.jpg", kind: "Texturing", holder: "daniel", tags: tags("hero"), art: pictures("texture", "lookdev"),
			story: only(wip("Skin base"), sent("Wool and skin", "texture"))},
		{path: "assets/characters/gull_model.obj", kind: "Modeling", holder: "ben", tags: tags("bird"),
			story: only(wip("Wings fold"), sent("Feathers on the tail", "gull"), approved())},
		{path: "assets/characters/gull_rig.csv", kind: "Rigging", holder: "farid", tags: tags("bird", "rig"), story: only(started())},
		{path: "assets/characters/gull_texture.jpg", kind: "Texturing", task: true, tags: tags("bird"), art: pictures("gull")},
	}
}

func world() []piece {
	return []piece{
		{path: "assets/environments/lighthouse_concept.jpg", kind: "Concept", holder: "daniel", art: pictures("lighthouse", "lighthouse"),
			story: only(sent("Evening mood", "lighthouse"), approved())},
		{path: "assets/environments/lighthouse_model.obj", kind: "Modeling", holder: "ben", priority: 1,
			story: only(wip("Tower"), keep("Gallery and lamp room"), sent("Door and stairs", "lighthouse"), approved())},
		{path: "assets/environments/harbor_concept.jpg", kind: "Concept", holder: "daniel", art: pictures("harbor", "harbor"),
			story: only(wip("Boats moved to the left"))},
		{path: "assets/environments/harbor_model.obj", kind: "Modeling", task: true, due: 9},
		{path: "assets/environments/cliff_model.obj", kind: "Modeling", holder: "ben", art: pictures("rocks_a"),
			story: only(wip("Steps"), sent("Path along the edge", "rocks_a"), retake("The path is too wide for one person"))},
		{path: "assets/environments/cottage_concept.jpg", kind: "Concept", art: pictures("env_cottage")},
		{path: "assets/environments/forest_concept.jpg", kind: "Concept", art: pictures("forest")},
		{path: "assets/environments/lamproom_model.obj", kind: "Modeling", holder: "ben", story: only(wip("Glass panes"))},
		{path: "assets/environments/lamproom_light.csv", kind: "Lighting", holder: "daniel",
			story: only(wip("Key light"), sent("Dust in the beam", "lamproom"))},
		{path: "assets/props/boat_model.obj", kind: "Modeling", holder: "ben", story: only(sent("Hull and oars", "boatmodel"), approved())},
		{path: "assets/props/lens_model.obj", kind: "Modeling", holder: "ben", story: only(wip("Prisms"), sent("All the rings", "lens"))},
		{path: "assets/props/kite_model.obj", kind: "Modeling", task: true, tags: tags("sq030")},
		{path: "assets/props/kite_concept.jpg", kind: "Concept", art: pictures("kite")},
		{path: "assets/props/train_model.obj", kind: "Modeling", planned: true, task: true, due: 20},
		{path: "assets/props/lantern_model.obj", kind: "Modeling", planned: true, holder: "ben", due: 5},
	}
}

func shots() []piece {
	return []piece{
		{path: "shots/sq010/sh010_layout.csv", kind: "Layout", holder: "ana", tags: tags("sq010"), story: only(sent("Camera comes from the sea", "cliffwalk"), approved())},
		{path: "shots/sq010/sh010_anim.csv", kind: "Animation", holder: "ana", tags: tags("sq010"), due: 1,
			story: only(wip("Walk, first pass"), sent("Walk and look", "cliffwalk"), retake("The pause before he looks up is too short"), wip("Longer pause"),
				sent("Twelve frames more", "cliffwalk"), approved())},
		{path: "shots/sq010/sh010_comp.jpg", kind: "Compositing", holder: "daniel", tags: tags("sq010"), art: pictures("cliffwalk"), story: only(wip("Mist"))},
		{path: "shots/sq010/sh015_anim.csv", kind: "Animation", holder: "me", tags: tags("sq010"), priority: 3, due: 1, dirty: true,
			story: only(wip("Blocking"), sent("Hand on the rail", "closeup"), retake("The weight is on the wrong foot", "Look at the reference of the stairs"))},
		{path: "shots/sq010/sh015_layout.csv", kind: "Layout", holder: "ana", tags: tags("sq010"), story: only(sent("Low camera", "closeup_b"), approved())},
		{path: "shots/sq020/sh020_layout.csv", kind: "Layout", holder: "ana", tags: tags("sq020"), story: only(sent("Three cameras", "sh020_block"), approved())},
		{path: "shots/sq020/sh020_anim.csv", kind: "Animation", holder: "ana", tags: tags("sq020", "hero"), priority: 3, due: 0,
			story: only(wip("Blocking of the storm"), sent("He reaches the door", "sh020_block"), retake("Camera shake hides the hand", "Coat lags by three frames"),
				wip("Calmer camera"), keep("Coat follows"), sent("Both done", "sh020_v6"), retake("One frame pops at 1042"), wip("Pop is gone"),
				sent("Cleaned", "sh020_v8"))},
		{path: "shots/sq020/sh020_light.jpg", kind: "Lighting", holder: "daniel", tags: tags("sq020"), art: pictures("sh020_v6", "sh020_v7", "sh020_v8"),
			story: only(wip("Key from the lamp"), sent("Rim light on the coat", "sh020_v7"))},
		{path: "shots/sq020/sh020_comp.jpg", kind: "Compositing", holder: "daniel", tags: tags("sq020"), art: pictures("sh020_comp"), story: only(started())},
		{path: "shots/sq020/sh025_anim.csv", kind: "Animation", holder: "me", tags: tags("sq020"), due: 4, story: only(wip("Blocking"))},
		{path: "shots/sq020/sh025_fx.csv", kind: "FX", task: true, tags: tags("sq020"), due: 6},
		{path: "shots/sq020/sh030_anim.csv", kind: "Animation", holder: "ana", tags: tags("sq020"),
			story: only(wip("Blocking"), given("me", "Ana is on sh020 this week"))},
		{path: "shots/sq020/sh030_fx.jpg", kind: "FX", holder: "farid", tags: tags("sq020"), art: pictures("storm", "embers"), story: only(sent("Spray on the rocks", "storm"))},
		{path: "shots/sq020/sh035_anim.csv", kind: "Animation", task: true, tags: tags("sq020"), due: 12},
		{path: "shots/sq030/sh040_layout.csv", kind: "Layout", holder: "ana", tags: tags("sq030"), story: only(wip("First cameras"))},
		{path: "shots/sq030/sh040_anim.csv", kind: "Animation", planned: true, holder: "me", tags: tags("sq030"), due: 8},
		{path: "shots/sq030/sh045_anim.csv", kind: "Animation", planned: true, task: true, tags: tags("sq030"), due: 10},
		{path: "shots/sq030/sh050_anim.csv", kind: "Animation", planned: true, task: true, tags: tags("sq030"), due: 14},
		{path: "shots/sq030/sh055_comp.jpg", kind: "Compositing", planned: true, task: true, tags: tags("sq030"), due: 18},
	}
}

func around() []piece {
	return []piece{
		{path: "boards/sq010_board.jpg", kind: "Storyboard", holder: "chloe", art: pictures("board", "board2"), story: only(sent("Second half", "board2"),
			event{does: "move", by: "emi", to: "done"})},
		{path: "boards/sq020_board.jpg", kind: "Storyboard", holder: "chloe", art: pictures("board2"), story: only(wip("The storm starts earlier"))},
		{path: "boards/sq030_board.jpg", kind: "Storyboard", task: true, art: pictures("board"), due: 7},
		{path: "edit/animatic.csv", kind: "Edit", holder: "emi", story: only(wip("Cut to the music"), keep("Without the train"))},
		{path: "edit/credits.txt", kind: "Edit"},
		{path: "sound/foghorn.wav", kind: "Sound"},
		{path: "sound/gulls.wav", kind: "Sound"},
		{path: "sound/score_theme.wav", kind: "Sound", holder: "farid", story: only(wip("Strings"), noted("emi", "Could it begin on the second shot?"))},
		{path: "sound/storm.wav", kind: "Sound"},
		{path: "reference/ruins.jpg", kind: "Reference", art: pictures("ruins")},
		{path: "reference/rocks_a.jpg", kind: "Reference", art: pictures("rocks_a")},
		{path: "reference/rocks_b.jpg", kind: "Reference", art: pictures("rocks_b")},
		{path: "reference/train.jpg", kind: "Reference", art: pictures("train")},
		{path: "reference/embers.jpg", kind: "Reference", art: pictures("embers")},
		{path: "reference/shot_list.txt", kind: "Reference", dirty: true},
		{path: "reference/read_me_first.txt"},
		{path: "shots/sq010/sh010_playblast.jpg", art: pictures("cliffwalk"), loose: true},
	}
}

// needs says what each thing stands on.
func needs() [][]string {
	return [][]string{
		{"assets/characters/tobias_rig.csv", "assets/characters/tobias_model.obj"},
		{"assets/characters/tobias_texture.jpg", "assets/characters/tobias_model.obj"},
		{"assets/characters/gull_rig.csv", "assets/characters/gull_model.obj"},
		{"assets/environments/lighthouse_model.obj", "assets/environments/lighthouse_concept.jpg"},
		{"assets/environments/lamproom_model.obj", "assets/props/lens_model.obj"},
		{"shots/sq010/sh010_anim.csv", "shots/sq010/sh010_layout.csv", "assets/characters/tobias_rig.csv", "assets/environments/cliff_model.obj"},
		{"shots/sq010/sh015_anim.csv", "shots/sq010/sh015_layout.csv", "assets/characters/tobias_rig.csv", "assets/environments/lighthouse_model.obj"},
		{"shots/sq020/sh020_anim.csv", "shots/sq020/sh020_layout.csv", "assets/characters/tobias_rig.csv", "assets/environments"},
		{"shots/sq020/sh020_light.jpg", "shots/sq020/sh020_anim.csv", "assets/characters/tobias_texture.jpg"},
		{"shots/sq020/sh020_comp.jpg", "shots/sq020/sh020_light.jpg", "shots/sq020/sh030_fx.jpg"},
		{"shots/sq020/sh025_anim.csv", "assets/characters", "assets/environments/lighthouse_model.obj"},
		{"shots/sq030/sh040_layout.csv", "assets/props/kite_model.obj"},
		{"edit/animatic.csv", "boards", "sound/score_theme.wav"},
	}
}
