package registry

import (
	"slices"
	"strings"

	"loge/storage"
)

const (
	maxRights    = 20
	maxRightName = 40
	maxSentence  = 120 // characters: it stands beside a checkbox
)

// checkRights checks the rights that organisations give to their people.
func checkRights(c storage.Client, faults *Faults) {
	const field = "rights"
	rights := c.Metadata.Rights
	if len(rights) > maxRights {
		faults.add(field, "rights: more than %d", maxRights)
		return
	}
	for i, right := range rights {
		if right.Name == "" || len(right.Name) > maxRightName || strings.Trim(right.Name, idAlphabet) != "" {
			faults.add(field, "right %q: its name is 1 to %d of a-z, 0-9, hyphen, underscore and dot", shorten(right.Name), maxRightName)
		}
		if slices.ContainsFunc(rights[:i], func(r storage.Right) bool { return r.Name == right.Name }) {
			faults.add(field, "right %q is given twice", shorten(right.Name))
		}
		if strings.TrimSpace(right.Sentence) == "" {
			faults.add(field, "right %q: the sentence is missing, by which people know what they give", shorten(right.Name))
		}
		faults.line(field, "sentence of the right "+shorten(right.Name), right.Sentence, maxSentence)
	}
}
