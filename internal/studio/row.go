package studio

import "fmt"

// Table names a table of state rows; numbers are stored in undo images.
type Table uint8

// Tables of state rows.
const (
	TableProject    Table = 1
	TableMember     Table = 2
	TableRole       Table = 3
	TableStatus     Table = 4
	TableType       Table = 5
	TableCollection Table = 6
	TableAsset      Table = 7
	TableAssignment Table = 8
	TableCheckpoint Table = 9
	TableParked     Table = 10
	TableNote       Table = 11
	TableTag        Table = 12
	TableDependency Table = 13
	TableView       Table = 14
	TableRoad       Table = 15
	TableHandover   Table = 16

	TableLast = TableHandover
)

// Tables lists all tables, and TableNewer for those that this program does not know.
func Tables() []Table {
	var all []Table
	for t := TableProject; t <= TableLast; t++ {
		all = append(all, t)
	}
	return append(all, TableNewer)
}

// Row is a state row: what an op changes. The concrete types are the structs of model.go, as values.
type Row interface {
	Table() Table
	// Key tells the row from the others of its table.
	Key() string
}

func (Project) Table() Table     { return TableProject }
func (Member) Table() Table      { return TableMember }
func (Role) Table() Table        { return TableRole }
func (Status) Table() Table      { return TableStatus }
func (Type) Table() Table        { return TableType }
func (Collection) Table() Table  { return TableCollection }
func (Asset) Table() Table       { return TableAsset }
func (Assignment) Table() Table  { return TableAssignment }
func (Checkpoint) Table() Table  { return TableCheckpoint }
func (ParkedChain) Table() Table { return TableParked }
func (Note) Table() Table        { return TableNote }
func (TagOn) Table() Table       { return TableTag }
func (Dependency) Table() Table  { return TableDependency }
func (SavedView) Table() Table   { return TableView }
func (Road) Table() Table        { return TableRoad }
func (Handover) Table() Table    { return TableHandover }

func (p Project) Key() string     { return string(p.ID.ID[:]) }
func (m Member) Key() string      { return string(m.User.ID[:]) }
func (r Role) Key() string        { return string(r.ID.ID[:]) }
func (s Status) Key() string      { return string(s.ID.ID[:]) }
func (t Type) Key() string        { return string(t.ID.ID[:]) }
func (c Collection) Key() string  { return string(c.ID.ID[:]) }
func (a Asset) Key() string       { return string(a.ID.ID[:]) }
func (a Assignment) Key() string  { return string(a.ID.ID[:]) }
func (c Checkpoint) Key() string  { return string(c.ID.ID[:]) }
func (p ParkedChain) Key() string { return string(p.Root.ID[:]) }
func (n Note) Key() string        { return string(n.ID.ID[:]) }
func (t TagOn) Key() string       { return string(t.Asset.ID[:]) + t.Tag }
func (d Dependency) Key() string  { return string(d.Asset.ID[:]) + string(d.Target[:]) }
func (v SavedView) Key() string   { return string(v.ID.ID[:]) }
func (r Road) Key() string        { return string(r.Asset.ID[:]) }
func (h Handover) Key() string    { return string(h.ID.ID[:]) }

// EncodeRow is the canonical form of a row: undo images hold it, state hashes are taken over it.
func EncodeRow(r Row) []byte {
	switch r := r.(type) {
	case Project:
		return encode(&r)
	case Member:
		return encode(&r)
	case Role:
		return encode(&r)
	case Status:
		return encode(&r)
	case Type:
		return encode(&r)
	case Collection:
		return encode(&r)
	case Asset:
		return encode(&r)
	case Assignment:
		return encode(&r)
	case Checkpoint:
		return encode(&r)
	case ParkedChain:
		return encode(&r)
	case Note:
		return encode(&r)
	case TagOn:
		return encode(&r)
	case Dependency:
		return encode(&r)
	case SavedView:
		return encode(&r)
	case Road:
		return encode(&r)
	case Handover:
		return encode(&r)
	case Opaque:
		return []byte(r.Form)
	}
	panic(fmt.Sprintf("studio: row %T has no form", r))
}

// RowFrom reads a row by its table, key and canonical form; one of a table that this program does not know is kept as it came.
// ErrMalformed otherwise.
func RowFrom(t Table, key string, form []byte) (Row, error) {
	if t > TableLast {
		return Opaque{Of: t, At: key, Form: string(form)}, nil
	}
	row, err := DecodeRow(t, form)
	if err == nil && row.Key() != key {
		err = fmt.Errorf("%w: another key", ErrMalformed)
	}
	return row, err
}

// DecodeRow reads a row of table t; ErrMalformed otherwise.
func DecodeRow(t Table, b []byte) (Row, error) {
	switch t {
	case TableProject:
		return decodeRow(b, &Project{})
	case TableMember:
		return decodeRow(b, &Member{})
	case TableRole:
		return decodeRow(b, &Role{})
	case TableStatus:
		return decodeRow(b, &Status{})
	case TableType:
		return decodeRow(b, &Type{})
	case TableCollection:
		return decodeRow(b, &Collection{})
	case TableAsset:
		return decodeRow(b, &Asset{})
	case TableAssignment:
		return decodeRow(b, &Assignment{})
	case TableCheckpoint:
		return decodeRow(b, &Checkpoint{})
	case TableParked:
		return decodeRow(b, &ParkedChain{})
	case TableNote:
		return decodeRow(b, &Note{})
	case TableTag:
		return decodeRow(b, &TagOn{})
	case TableDependency:
		return decodeRow(b, &Dependency{})
	case TableView:
		return decodeRow(b, &SavedView{})
	case TableRoad:
		return decodeRow(b, &Road{})
	case TableHandover:
		return decodeRow(b, &Handover{})
	}
	return nil, fmt.Errorf("%w: unknown table %d", ErrMalformed, t)
}

func decodeRow[R Row, P interface {
	*R
	fielder
}](b []byte, r P) (Row, error) {
	if err := decode(b, r); err != nil {
		return nil, err
	}
	return *r, nil
}

func (p *Project) fields(c *coder) {
	c.id(1, &p.ID.ID)
	c.str(2, &p.Name)
	num(c, 3, &p.State)
	c.flag(4, &p.Personal)
	c.flag(5, &p.Options.RetakeNote)
	c.flag(6, &p.Options.ReviewImage)
	c.flag(7, &p.Options.ArtistDone)
	c.flag(8, &p.Options.DoneLocks)
	c.str(9, &p.Options.UnicodeTable)
	c.u64(10, &p.Ver)
	c.flag(11, &p.Options.HandoverAuto)
	num(c, 12, &p.Options.TrashDays)
	num(c, 13, &p.Options.ParkedDays)
	num(c, 14, &p.Options.QuotaBytes)
	c.newer(&p.Newer)
}

func (m *Member) fields(c *coder) {
	c.id(1, &m.User.ID)
	c.str(2, &m.Username)
	c.str(3, &m.Name)
	c.str(4, &m.Email)
	c.id(5, &m.Role.ID)
	c.str(6, &m.Title)
	c.str(7, &m.Department)
	c.id(8, &m.Profile.ID)
	c.flag(9, &m.Gone)
	c.u64(10, &m.Ver)
	c.newer(&m.Newer)
}

func (r *Role) fields(c *coder) {
	c.id(1, &r.ID.ID)
	c.str(2, &r.Name)
	num(c, 3, &r.Order)
	num(c, 4, &r.May)
	c.u64(5, &r.Ver)
	c.newer(&r.Newer)
}

func (s *Status) fields(c *coder) {
	c.id(1, &s.ID.ID)
	c.str(2, &s.Name)
	c.str(3, &s.Label)
	num(c, 4, &s.Category)
	c.str(5, &s.Colour)
	c.str(6, &s.Shape)
	num(c, 7, &s.Order)
	c.flag(8, &s.Hidden)
	idList(c, 9, &s.OnlyRoles, func(r *RoleID) *ID { return &r.ID })
	c.flag(10, &s.AsksNote)
	c.flag(11, &s.AsksImage)
	num(c, 12, &s.WIPLimit)
	c.flag(13, &s.Removed)
	c.id(14, &s.Replaced.ID)
	c.u64(15, &s.Ver)
	c.newer(&s.Newer)
}

func (t *Type) fields(c *coder) {
	c.id(1, &t.ID.ID)
	c.str(2, &t.Name)
	c.str(3, &t.Icon)
	c.str(4, &t.Colour)
	num(c, 5, &t.Order)
	c.flag(6, &t.Removed)
	c.u64(7, &t.Ver)
	c.newer(&t.Newer)
}

func (k *Collection) fields(c *coder) {
	c.id(1, &k.ID.ID)
	c.id(2, &k.Parent.ID)
	c.str(3, &k.Name)
	c.str(4, &k.NameKey)
	c.flag(5, &k.Shared)
	c.id(6, &k.CreatedBy.ID)
	num(c, 7, &k.CreatedMs)
	c.id(8, &k.TrashedBy.ID)
	num(c, 9, &k.TrashedMs)
	c.flag(10, &k.Purged)
	c.u64(11, &k.Ver)
	c.newer(&k.Newer)
}

func (a *Asset) fields(c *coder) {
	c.id(1, &a.ID.ID)
	c.id(2, &a.Parent.ID)
	c.str(3, &a.Name)
	c.str(4, &a.NameKey)
	num(c, 5, &a.Kind)
	c.id(6, &a.Type.ID)
	c.str(7, &a.Description)
	c.id(8, &a.Status.ID)
	num(c, 9, &a.StatusMs)
	c.str(10, &a.Rank)
	c.str(11, &a.Due)
	num(c, 12, &a.Priority)
	num(c, 13, &a.EstimateMin)
	c.id(14, &a.Assignee.ID)
	c.id(15, &a.Assignment.ID)
	c.u64(16, &a.Epoch)
	c.id(17, &a.Head.ID)
	num(c, 18, &a.NextVersion)
	c.id(19, &a.CreatedBy.ID)
	num(c, 20, &a.CreatedMs)
	c.id(21, &a.First.ID)
	c.id(22, &a.TrashedBy.ID)
	num(c, 23, &a.TrashedMs)
	c.flag(24, &a.Purged)
	c.u64(25, &a.Ver)
	c.newer(&a.Newer)
}

func (a *Assignment) fields(c *coder) {
	c.id(1, &a.ID.ID)
	c.id(2, &a.Asset.ID)
	c.id(3, &a.To.ID)
	c.id(4, &a.By.ID)
	c.str(5, &a.Reason)
	c.u64(6, &a.FromSeq)
	c.u64(7, &a.ToSeq)
	c.newer(&a.Newer)
}

func (k *Checkpoint) fields(c *coder) {
	c.id(1, &k.ID.ID)
	c.id(2, &k.Asset.ID)
	c.id(3, &k.Author.ID)
	c.id(4, &k.Base.ID)
	c.id(5, &k.Prev.ID)
	c.id(6, &k.Assignment.ID)
	c.id(7, &k.StatusAtCreation.ID)
	c.id(8, &k.StatusAtAcceptance.ID)
	c.hash(9, &k.Manifest)
	num(c, 10, &k.Bytes)
	num(c, 11, &k.NewBytes)
	c.str(12, &k.Comment)
	c.hash(13, &k.Preview)
	c.hash(14, &k.Image)
	c.id(15, &k.Group.ID)
	num(c, 16, &k.State)
	num(c, 17, &k.Version)
	c.flag(18, &k.NoChange)
	c.id(19, &k.ChainRoot.ID)
	c.id(20, &k.AdoptedBy.ID)
	c.id(21, &k.CopiedFrom.ID)
	c.u64(22, &k.MadeHybrid)
	num(c, 23, &k.ReceivedMs)
	c.u64(24, &k.Ver)
	c.newer(&k.Newer)
}

func (p *ParkedChain) fields(c *coder) {
	c.id(1, &p.Root.ID)
	c.id(2, &p.Asset.ID)
	c.str(3, (*string)(&p.Reason))
	num(c, 4, &p.State)
	c.u64(5, &p.OpenedSeq)
	c.u64(6, &p.ClosedSeq)
	c.newer(&p.Newer)
}

func (n *Note) fields(c *coder) {
	c.id(1, &n.ID.ID)
	c.id(2, &n.Asset.ID)
	c.id(3, &n.Checkpoint.ID)
	c.id(4, &n.Author.ID)
	c.str(5, &n.Text)
	c.flag(6, &n.Checkbox)
	c.id(7, &n.DoneBy.ID)
	c.flag(8, &n.Withdrawn)
	num(c, 9, &n.MadeMs)
	c.u64(10, &n.Ver)
	c.newer(&n.Newer)
}

func (t *TagOn) fields(c *coder) {
	c.id(1, &t.Asset.ID)
	c.str(2, &t.Tag)
}

func (d *Dependency) fields(c *coder) {
	c.id(1, &d.Asset.ID)
	c.id(2, &d.Target)
}

func (v *SavedView) fields(c *coder) {
	c.id(1, &v.ID.ID)
	c.id(2, &v.Owner.ID)
	c.flag(3, &v.Shared)
	c.str(4, &v.Name)
	c.str(5, &v.Query)
	c.str(6, &v.Layout)
	c.u64(7, &v.Ver)
	c.newer(&v.Newer)
}

func (r *Road) fields(c *coder) {
	c.id(1, &r.Asset.ID)
	c.id(2, &r.User.ID)
	c.id(3, &r.Client)
	num(c, 4, &r.UntilMs)
	c.u64(5, &r.SinceSeq)
	c.u64(6, &r.EndedSeq)
	c.newer(&r.Newer)
}

func (h *Handover) fields(c *coder) {
	c.id(1, &h.ID.ID)
	c.id(2, &h.Asset.ID)
	c.id(3, &h.From.ID)
	c.id(4, &h.To.ID)
	c.id(5, &h.By.ID)
	num(c, 6, &h.DeadlineMs)
	num(c, 7, &h.State)
	c.newer(&h.Newer)
}
