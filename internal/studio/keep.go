package studio

// KeepsBytes tells whether the bytes of a checkpoint, its file and its image, must stay (row Ic3): they are given up by a drop
// (row Ic12), and with a chain or an asset that is purged (row C12), by nothing else.
func KeepsBytes(view View, k Checkpoint) bool {
	if k.State == Dropped {
		return false
	}
	a, known := view.Asset(k.Asset)
	return !known || !a.Purged
}
