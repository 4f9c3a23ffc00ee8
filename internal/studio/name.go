package studio

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// UnicodeTable names the tables by which name keys are made; it is stored with a project, and a change of it is a
// migration, so that a newer Go changes no key unseen.
const UnicodeTable = norm.Version

// NameKey is what two names must differ in to stand in one folder on every system: NFC, case folded, trailing dots
// and spaces stripped.
func NameKey(name string) string {
	key := norm.NFC.String(cases.Fold().String(norm.NFC.String(name)))
	return strings.TrimRight(key, ". ")
}

// NameProblem says why a name cannot stand in a project on every system: "" when it can. The answers are keys of
// the catalogue.
func NameProblem(name string) string {
	switch {
	case name == "":
		return "name_empty"
	case len(name) > nameMaxBytes:
		return "name_long"
	case !utf8.ValidString(name):
		return "name_utf8"
	case name == "." || name == "..":
		return "name_dots"
	case strings.ContainsAny(name, `/\<>:"|?*`):
		return "name_character"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "name_control"
	case strings.HasSuffix(name, ".") || strings.HasSuffix(name, " "):
		return "name_end"
	case isDeviceName(name):
		return "name_device"
	case name == ".framehold" || strings.HasPrefix(name, ".framehold-"):
		return "name_reserved"
	}
	return ""
}

// lineProblem says what is wrong with a name that stands in one line, and names no file; "" when it is fine.
func lineProblem(name string) string {
	switch why := NameProblem(name); why {
	case "name_empty", "name_long", "name_utf8":
		return why
	}
	if strings.ContainsFunc(name, unicode.IsControl) {
		return "name_control"
	}
	return ""
}

// isDeviceName tells whether Windows takes the name for a device, with or without an extension.
func isDeviceName(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	stem = strings.TrimRight(stem, " ")
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	digit, numbered := strings.CutPrefix(stem, "COM")
	if !numbered {
		digit, numbered = strings.CutPrefix(stem, "LPT")
	}
	return numbered && (len(digit) == 1 && digit >= "0" && digit <= "9" || digit == "¹" || digit == "²" || digit == "³")
}

// CheckName refuses a name that cannot stand in a project.
func CheckName(name string) error {
	if why := NameProblem(name); why != "" {
		return Refuse(CodeInvalidName, Params{Name: name, Why: why})
	}
	return nil
}

// CheckText refuses a text over its limit.
func CheckText(field, text string) error {
	if len(text) > textMaxBytes {
		return Refuse(CodeTooLong, Params{Field: field, Limit: "32 KiB"})
	}
	if !utf8.ValidString(text) {
		return Refuse(CodeInvalidName, Params{Name: field, Field: field, Why: "text_utf8"})
	}
	return nil
}

// CheckTag refuses a tag that is empty, long, or would not stand in query text.
func CheckTag(tag string) error {
	if tag == "" || len(tag) > tagMaxBytes || !utf8.ValidString(tag) || strings.ContainsAny(tag, "\"\n\r\t") {
		return Refuse(CodeInvalidName, Params{Name: tag, Why: "tag_invalid"})
	}
	return nil
}

// CheckUsername refuses what is not 1 to 32 of a-z 0-9 . _ -, a letter first.
func CheckUsername(name string) error {
	ok := len(name) >= 1 && len(name) <= 32 && name[0] >= 'a' && name[0] <= 'z'
	for _, c := range []byte(name) {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-')
	}
	if !ok {
		return Refuse(CodeInvalidName, Params{Name: name, Why: "username_invalid"})
	}
	return nil
}

// nextFreeName is name with ~2, ~3 ... before its extension: the first whose key is free.
func nextFreeName(name string, taken func(key string) bool) string {
	stem, ext := splitExtension(name)
	for n := 2; ; n++ {
		suffix := "~" + strconv.Itoa(n)
		cut := stem
		for len(cut)+len(suffix)+len(ext) > nameMaxBytes && cut != "" {
			_, size := utf8.DecodeLastRuneInString(cut)
			cut = cut[:len(cut)-size]
		}
		if candidate := cut + suffix + ext; !taken(NameKey(candidate)) {
			return candidate
		}
	}
}

func splitExtension(name string) (stem, ext string) {
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		return name[:i], name[i:]
	}
	return name, ""
}
