package storage

import "strings"

// HasWord tells whether a word stands in a space list.
func HasWord(list, word string) bool {
	for one := range strings.FieldsSeq(list) {
		if one == word {
			return true
		}
	}
	return false
}
