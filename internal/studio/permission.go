package studio

// Permissions is a set of permissions, one bit each; the bits are stored.
type Permissions uint64

// The permissions of product section 2. Their names are in PermissionNames.
const (
	MaySeeAll Permissions = 1 << iota
	MayDownloadAll
	MayDownloadShared
	MayCheckpointTasks
	MayCheckpointResources
	MayCreate
	MayRenameHeld
	MayToTask
	MayToResource
	MayAssign
	MayClaim
	MayGiveBack
	MayMoveOwn
	MaySetRetake
	MaySetDone
	MaySetAnything
	MayNote
	MayAdopt
	MayParkedOwn
	MayParkedOthers
	MayDropOwn
	MayRoad
	MayPlan
	MayStatistics
	MayShareViews
	MayDependAll
	MayDependOwn
	MayTrash
	MayPurge
	MaySettings
	MayMembers
	MayRoles
	MayExport
)

// PermissionName is a permission and the name that programs use for it.
type PermissionName struct {
	Permission Permissions
	Name       string
}

// PermissionNames lists every permission in the order of the table in product section 2.
func PermissionNames() []PermissionName {
	return []PermissionName{
		{MaySeeAll, "seeAll"}, {MayDownloadAll, "downloadAll"}, {MayDownloadShared, "downloadShared"},
		{MayCheckpointTasks, "checkpointTasks"}, {MayCheckpointResources, "checkpointResources"},
		{MayCreate, "create"}, {MayRenameHeld, "renameHeld"},
		{MayToTask, "toTask"}, {MayToResource, "toResource"},
		{MayAssign, "assign"}, {MayClaim, "claim"}, {MayGiveBack, "giveBack"},
		{MayMoveOwn, "moveOwn"}, {MaySetRetake, "setRetake"}, {MaySetDone, "setDone"}, {MaySetAnything, "setAnything"},
		{MayNote, "note"}, {MayAdopt, "adopt"}, {MayParkedOwn, "parkedOwn"}, {MayParkedOthers, "parkedOthers"},
		{MayDropOwn, "dropOwn"}, {MayRoad, "road"}, {MayPlan, "plan"}, {MayStatistics, "statistics"},
		{MayShareViews, "shareViews"}, {MayDependAll, "dependAll"}, {MayDependOwn, "dependOwn"},
		{MayTrash, "trash"}, {MayPurge, "purge"}, {MaySettings, "settings"}, {MayMembers, "members"},
		{MayRoles, "roles"}, {MayExport, "export"},
	}
}

// Has tells whether p holds all of q.
func (p Permissions) Has(q Permissions) bool { return p&q == q }

// Names lists what p holds, in table order; never nil.
func (p Permissions) Names() []string {
	names := []string{}
	for _, n := range PermissionNames() {
		if p.Has(n.Permission) {
			names = append(names, n.Name)
		}
	}
	return names
}

// PermissionNamed finds a permission by its name.
func PermissionNamed(name string) (Permissions, bool) {
	for _, n := range PermissionNames() {
		if n.Name == name {
			return n.Permission, true
		}
	}
	return 0, false
}

const (
	vendorMay = MayCheckpointTasks | MayGiveBack | MayMoveOwn | MayNote | MayParkedOwn | MayDropOwn | MayRoad
	artistMay = vendorMay | MaySeeAll | MayDownloadShared | MayCheckpointResources | MayCreate | MayToTask | MayClaim |
		MayDependOwn
	assistantMay = artistMay | MayDownloadAll | MayRenameHeld | MayToResource | MayAssign | MaySetRetake | MayAdopt |
		MayPlan | MayDependAll
	supervisorMay = assistantMay | MaySetDone | MayParkedOthers | MayStatistics | MayShareViews | MayTrash | MayExport
	managerMay    = supervisorMay | MaySetAnything | MaySettings | MayMembers
	adminMay      = managerMay | MayPurge | MayRoles
)

// DefaultRole is a role that a new project has.
type DefaultRole struct {
	Name string
	May  Permissions
}

// DefaultRoles lists the roles of a new project, the widest first. The first one is the admins'.
func DefaultRoles() []DefaultRole {
	return []DefaultRole{
		{"Admin", adminMay}, {"Production Manager", managerMay}, {"Supervisor", supervisorMay},
		{"Assistant Supervisor", assistantMay}, {"Artist", artistMay}, {"Vendor", vendorMay},
	}
}

// IsAdmin tells whether a set makes an admin: who may change roles and members may give themselves the rest.
func (p Permissions) IsAdmin() bool { return p.Has(MayRoles | MayMembers) }

// DefaultStatus is a status that a new project has.
type DefaultStatus struct {
	Name, Label, Shape string
	Category           Category
	AsksNote           bool
	AsksImage          bool
}

// DefaultStatuses lists the built-in statuses in their order.
func DefaultStatuses() []DefaultStatus {
	return []DefaultStatus{
		{Name: "Todo", Label: "Todo", Shape: "dashed", Category: CategoryTodo},
		{Name: "Work in progress", Label: "WIP", Shape: "half", Category: CategoryActive},
		{Name: "Waiting for approval", Label: "WFA", Shape: "dots", Category: CategoryReview, AsksImage: true},
		{Name: "Retake", Label: "Retake", Shape: "arrow", Category: CategoryRetake, AsksNote: true},
		{Name: "Done", Label: "Done", Shape: "tick", Category: CategoryDone},
	}
}

// DefaultType is a type that a new project has.
type DefaultType struct{ Name, Icon, Colour string }

// DefaultTypes lists the types of a new project; icons are names of the lucide set.
func DefaultTypes() []DefaultType {
	return []DefaultType{
		{"Concept", "palette", "#c98fd9"}, {"Storyboard", "pencil-ruler", "#b79df0"}, {"Modeling", "box", "#7fb2f0"},
		{"Rigging", "bone", "#e3b878"}, {"Texturing", "paintbrush", "#e08fa8"}, {"Shading", "circle-dot", "#d3a0c4"},
		{"Layout", "layout-template", "#8fc7c0"}, {"Animation", "clapperboard", "#8fb4e8"}, {"FX", "flame", "#f0a07c"},
		{"Lighting", "lightbulb", "#ead27e"}, {"Rendering", "image", "#9fcf9a"}, {"Compositing", "layers", "#86cfae"},
		{"Edit", "scissors", "#c9c3b8"}, {"Sound", "audio-waveform", "#a9b8d6"}, {"Reference", "book-open", "#b5b5b5"},
	}
}
