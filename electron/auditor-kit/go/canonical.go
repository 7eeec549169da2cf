package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Objects and lists in one another. A leaf has three; what is deeper could make one verifier give up and not another.
const maximumDepth = 100

const largestSafeInteger = 1<<53 - 1

// parseCanonical gives the value of bytes that are its one form of RFC 8785. Go's decoder is lenient (names that stand
// twice, lone surrogates, spaces, other spellings of a number): so the value is written again, and must be the same bytes.
func parseCanonical(content []byte) (value any, ok bool) {
	if !utf8.Valid(content) {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, false
	}
	var again bytes.Buffer
	if err := writeCanonical(&again, value, 1); err != nil {
		return nil, false
	}
	return value, bytes.Equal(again.Bytes(), content)
}

// canonicalText is for values that parseCanonical gave, and for those made here.
func canonicalText(value any) string {
	var text bytes.Buffer
	if err := writeCanonical(&text, value, 1); err != nil {
		panic(err)
	}
	return text.String()
}

func writeCanonical(out *bytes.Buffer, value any, depth int) error {
	if depth > maximumDepth+1 {
		return errors.New("too deep")
	}
	switch value := value.(type) {
	case nil:
		out.WriteString("null")
	case bool:
		out.WriteString(strconv.FormatBool(value))
	case string:
		writeString(out, value)
	case json.Number:
		text, err := numberText(string(value))
		if err != nil {
			return err
		}
		out.WriteString(text)
	case int64:
		out.WriteString(strconv.FormatInt(value, 10))
	case []any:
		if depth > maximumDepth {
			return errors.New("too deep")
		}
		out.WriteByte('[')
		for at, item := range value {
			if at > 0 {
				out.WriteByte(',')
			}
			if err := writeCanonical(out, item, depth+1); err != nil {
				return err
			}
		}
		out.WriteByte(']')
	case map[string]any:
		if depth > maximumDepth {
			return errors.New("too deep")
		}
		out.WriteByte('{')
		for at, name := range sortedNames(value) {
			if at > 0 {
				out.WriteByte(',')
			}
			writeString(out, name)
			out.WriteByte(':')
			if err := writeCanonical(out, value[name], depth+1); err != nil {
				return err
			}
		}
		out.WriteByte('}')
	default:
		return fmt.Errorf("%T is not JSON", value)
	}
	return nil
}

// sortedNames are in the order of their UTF-16 code units (section 3.2.3).
func sortedNames[V any](object map[string]V) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool { return isBefore(names[i], names[j]) })
	return names
}

func isBefore(a, b string) bool {
	if isASCII(a) && isASCII(b) {
		return a < b
	}
	left, right := utf16.Encode([]rune(a)), utf16.Encode([]rune(b))
	for at := 0; at < len(left) && at < len(right); at++ {
		if left[at] != right[at] {
			return left[at] < right[at]
		}
	}
	return len(left) < len(right)
}

func isASCII(text string) bool {
	for at := 0; at < len(text); at++ {
		if text[at] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// writeString does section 3.2.2.2.
func writeString(out *bytes.Buffer, text string) {
	out.WriteByte('"')
	for at := 0; at < len(text); at++ {
		switch c := text[at]; {
		case c == '"' || c == '\\':
			out.WriteByte('\\')
			out.WriteByte(c)
		case c >= 0x20:
			out.WriteByte(c)
		case strings.IndexByte("\b\t\n\f\r", c) >= 0:
			out.WriteByte('\\')
			out.WriteByte("btn?fr"[c-'\b'])
		default:
			fmt.Fprintf(out, "\\u%04x", c)
		}
	}
	out.WriteByte('"')
}

// numberText does section 3.2.2.3: the shortest digits that give the same double, as ECMAScript writes them.
func numberText(token string) (string, error) {
	value, err := strconv.ParseFloat(token, 64)
	if err != nil {
		return "", err
	}
	if value == 0 {
		return "0", nil
	}
	sign := ""
	if value < 0 {
		sign = "-"
	}
	mantissa, exponentText, _ := strings.Cut(strconv.FormatFloat(math.Abs(value), 'e', -1, 64), "e")
	exponent, err := strconv.Atoi(exponentText)
	if err != nil {
		return "", err
	}
	digits := strings.Replace(mantissa, ".", "", 1)
	// The value is 0.DIGITS times ten to the power of point.
	point := exponent + 1
	switch {
	case 0 < point && point <= 21:
		if len(digits) <= point {
			return sign + digits + strings.Repeat("0", point-len(digits)), nil
		}
		return sign + digits[:point] + "." + digits[point:], nil
	case -6 < point && point <= 0:
		return sign + "0." + strings.Repeat("0", -point) + digits, nil
	}
	if len(digits) > 1 {
		digits = digits[:1] + "." + digits[1:]
	}
	return fmt.Sprintf("%s%se%+d", sign, digits, exponent), nil
}

// countOf takes a canonical number that is a whole one, not negative and exact as a double.
func countOf(value any) (int64, bool) {
	number, _ := value.(json.Number)
	count, err := strconv.ParseInt(string(number), 10, 64)
	return count, err == nil && count >= 0 && count <= largestSafeInteger
}
