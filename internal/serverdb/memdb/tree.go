package memdb

// tree is an ordered map from text to values. A copy of it is a snapshot: it shares the nodes that did not change since.
//
// It is a treap (Aragon and Seidel, "Randomized search trees", Algorithmica 1996) with path copying; the priority of a
// node is a hash of its key, so that equal contents have equal shapes, whatever the order of the writes.
type tree[V any] struct{ root *node[V] }

type node[V any] struct {
	key         string
	value       V
	priority    uint64
	left, right *node[V]
	by          *edit
}

// edit marks the nodes that one transaction has made: it may change those in place.
type edit struct{ _ byte } // of one byte, so that no two have one address

func (t tree[V]) get(key string) (value V, ok bool) {
	for n := t.root; n != nil; {
		switch {
		case key < n.key:
			n = n.left
		case key > n.key:
			n = n.right
		default:
			return n.value, true
		}
	}
	return value, false
}

func (t tree[V]) has(key string) bool {
	_, ok := t.get(key)
	return ok
}

func (t *tree[V]) put(by *edit, key string, value V) { t.root = t.root.with(by, key, value) }

func (t *tree[V]) remove(by *edit, key string) {
	if t.has(key) {
		t.root = t.root.without(by, key)
	}
}

// from yields what stands at key and behind it, in order.
func (t tree[V]) from(key string, yield func(string, V) bool) { t.root.from(key, yield) }

// under yields what begins with prefix, in order.
func (t tree[V]) under(prefix string, yield func(string, V) bool) {
	t.root.from(prefix, func(key string, value V) bool {
		return len(key) >= len(prefix) && key[:len(prefix)] == prefix && yield(key, value)
	})
}

func (n *node[V]) from(key string, yield func(string, V) bool) bool {
	if n == nil {
		return true
	}
	if n.key < key {
		return n.right.from(key, yield)
	}
	return n.left.from(key, yield) && yield(n.key, n.value) && n.right.from(key, yield)
}

// own is n, or its copy, that the edit may change.
func (n *node[V]) own(by *edit) *node[V] {
	if n.by == by {
		return n
	}
	c := *n
	c.by = by
	return &c
}

func (n *node[V]) with(by *edit, key string, value V) *node[V] {
	if n == nil {
		return &node[V]{key: key, value: value, priority: priorityOf(key), by: by}
	}
	n = n.own(by)
	switch {
	case key < n.key:
		n.left = n.left.with(by, key, value)
		if up := n.left; up.priority > n.priority {
			n.left, up.right = up.right, n
			return up
		}
	case key > n.key:
		n.right = n.right.with(by, key, value)
		if up := n.right; up.priority > n.priority {
			n.right, up.left = up.left, n
			return up
		}
	default:
		n.value = value
	}
	return n
}

// without is n without a key that it has.
func (n *node[V]) without(by *edit, key string) *node[V] {
	if key == n.key {
		return join(by, n.left, n.right)
	}
	n = n.own(by)
	if key < n.key {
		n.left = n.left.without(by, key)
	} else {
		n.right = n.right.without(by, key)
	}
	return n
}

func join[V any](by *edit, left, right *node[V]) *node[V] {
	switch {
	case left == nil:
		return right
	case right == nil:
		return left
	case left.priority > right.priority:
		left = left.own(by)
		left.right = join(by, left.right, right)
		return left
	}
	right = right.own(by)
	right.left = join(by, left, right.left)
	return right
}

// priorityOf is FNV-1a with the finisher of MurmurHash3, since FNV alone hardly mixes the last byte upwards.
func priorityOf(key string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	return h ^ h>>33
}
