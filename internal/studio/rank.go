package studio

import "strings"

// rankDigits are the digits of ranks in byte order, so that ranks sort as texts.
const rankDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// RankBetween is a rank that sorts behind a and before b; empty ones are the ends. A rank is a fraction in base 62
// without its point (Greenspan, "Implementing Fractional Indexing"); it never ends in the lowest digit, so that there
// is always room before it. Refused when a does not sort before b.
func RankBetween(a, b string) (string, error) {
	if b != "" && a >= b || strings.Trim(a+b, rankDigits) != "" || strings.HasSuffix(b, "0") {
		return "", Refuse(CodeUsage, Params{Field: "rank", Name: a, Now: b})
	}
	var out []byte
	for i := 0; ; i++ {
		low := digitAt(a, i)
		high := len(rankDigits)
		if b != "" {
			high = digitAt(b, i)
		}
		if low == high {
			out = append(out, rankDigits[low])
			continue
		}
		if high-low > 1 {
			return string(append(out, rankDigits[(low+high)/2])), nil
		}
		out = append(out, rankDigits[low]) // no digit between the two: go on behind a, b bounds no more
		b = ""
	}
}

func digitAt(s string, i int) int {
	if i >= len(s) {
		return 0
	}
	return strings.IndexByte(rankDigits, s[i])
}
