package studio_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
)

func TestCase_G1(t *testing.T) {
	w := server(t)
	a := w.shot(1, todo, "Artist")
	rig := studio.AssetID{ID: id(2, 4)}
	w.applied(w.act(w.users["Artist"], studio.KindAssetCreate, rig.ID, &studio.CreateBody{Name: "rig", Kind: studio.Resource}))
	away := w.author()
	w.applied(w.setMember("Artist", func(m *studio.Member) { m.Role = w.roles["Vendor"] }))
	away.applied(away.act(w.users["Artist"], studio.KindTagAdd, a.ID.ID, &studio.TagBody{Tag: "hero"}))
	w.refused(w.act(w.users["Artist"], studio.KindTagAdd, a.ID.ID, &studio.TagBody{Tag: "hero"}), studio.CodePermission)
	w.parked(w.save("Artist", rig, 3, studio.CheckpointID{}), studio.CodeNoPermission)
	w.accepted(w.save("Artist", a.ID, 4, a.Head), 2) // a vendor may save what they hold
}

func TestCase_G5(t *testing.T) {
	w := server(t)
	a := w.shot(1, todo, "Artist")
	k, l := w.announce("Artist", a.ID, 2, a.Head), w.announce("Artist", a.ID, 3, a.Head)
	w.accepted(w.seal("Artist", a.ID, k, fromDevice(1)), 2)
	w.parked(w.seal("Artist", a.ID, l, fromDevice(2)), studio.CodeDivergedSelf)
	require.Equal(t, w.checkpoint(k).Assignment, w.checkpoint(l).Assignment)
}

func TestCase_G10(t *testing.T) {
	w := server(t)
	w.refused(w.setMember("Admin", func(m *studio.Member) { m.Gone = true }), studio.CodeLastAdmin)
	w.refused(w.setMember("Admin", func(m *studio.Member) { m.Role = w.roles["Artist"] }), studio.CodeLastAdmin)
	role, _ := w.state.Role(w.roles["Admin"])
	role.May &^= studio.MayRoles
	w.refused(w.act(w.users["Admin"], studio.KindRoleSet, role.ID.ID, &studio.RowBody{SeenVer: role.Ver, Row: studio.EncodeRow(role)}), studio.CodeLastAdmin)
	w.applied(w.setMember("Supervisor", func(m *studio.Member) { m.Role = w.roles["Admin"] }))
	w.applied(w.setMember("Admin", func(m *studio.Member) { m.Gone = true }))
}

func TestCase_G11(t *testing.T) {
	w := server(t)
	m, _ := w.state.Member(w.users["Artist"])
	first, second := m, m
	first.Role, second.Role = w.roles["Vendor"], w.roles["Supervisor"]
	set := func(m studio.Member) studio.Decision {
		return w.act(w.users["Admin"], studio.KindMemberSet, m.User.ID, &studio.RowBody{SeenVer: m.Ver, Row: studio.EncodeRow(m)})
	}
	w.applied(set(first))
	w.refused(set(second), studio.CodeStaleField)
	role, _ := w.state.Role(w.roles["Artist"])
	narrow := func(r studio.Role, without studio.Permissions) studio.Decision {
		r.May &^= without
		return w.act(w.users["Admin"], studio.KindRoleSet, r.ID.ID, &studio.RowBody{SeenVer: r.Ver, Row: studio.EncodeRow(r)})
	}
	w.applied(narrow(role, studio.MayClaim))
	w.refused(narrow(role, studio.MayCreate), studio.CodeStaleField)
}

func TestCase_G12(t *testing.T) {
	w := server(t)
	a, b := w.shot(1, todo, ""), w.shot(2, todo, "")
	w.applied(w.give(a.ID, "Artist"))
	w.applied(w.setMember("Artist", func(m *studio.Member) { m.Gone = true }))
	w.refused(w.give(b.ID, "Artist"), studio.CodeBadTarget)
	require.Equal(t, w.users["Artist"], w.asset(a.ID).Assignee, "assigned first: it stays so, and is listed (row D10)")
}

func TestCase_H16(t *testing.T) {
	w := server(t)
	a := w.shot(1, todo, "Artist")
	w.setProject(func(p *studio.Project) { p.State = studio.Closed })
	w.refused(w.give(a.ID, "other"), studio.CodeProjectClosed)
	w.refused(w.act(w.users["Artist"], studio.KindStatusSet, a.ID.ID, &studio.StatusBody{From: a.Status, To: w.statuses[active]}), studio.CodeProjectClosed)
	w.parked(w.save("Artist", a.ID, 2, a.Head), studio.CodeLocked)
	w.setProject(func(p *studio.Project) { p.State = studio.Active })
	w.applied(w.give(a.ID, "other"))
}

func TestCase_Ic10(t *testing.T) {
	w := server(t)
	role, _ := w.state.Role(w.roles["Vendor"])
	role.May |= studio.MayDependOwn
	w.applied(w.act(w.users["Admin"], studio.KindRoleSet, role.ID.ID, &studio.RowBody{SeenVer: role.Ver, Row: studio.EncodeRow(role)}))
	a, b, c := w.shot(1, todo, "Vendor"), w.shot(2, todo, "Vendor"), w.shot(3, todo, "other")
	need := func(target studio.Asset) studio.Decision {
		return w.act(w.users["Vendor"], studio.KindDependAdd, a.ID.ID, &studio.DependBody{Target: target.ID.ID})
	}
	w.applied(need(b))
	w.refused(need(c), studio.CodeUnknownTarget) // as if it were not there
	w.applied(w.act(w.users["Supervisor"], studio.KindDependAdd, b.ID.ID, &studio.DependBody{Target: c.ID.ID}))
	w.applied(need(c)) // seen through the other task now
}
