package text

import "strings"

// Browser says in plain words which browser and which system a User-Agent
// header names: « Firefox sur Windows ». It never repeats the header: whoever
// sends it chooses what stands there.
func Browser(header string) string {
	browser, system := named(header, browsers), named(header, systems)
	switch {
	case browser == "" && system == "":
		return "Appareil inconnu"
	case browser == "":
		return "Navigateur inconnu sur " + system
	case system == "":
		return browser
	}
	return browser + " sur " + system
}

// Browsers name those they descend from, and systems too: the first that fits
// is the one.
var (
	browsers = [][2]string{{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"},
		{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
		{"MSIE ", "Internet Explorer"}, {"Trident/", "Internet Explorer"}}
	systems = [][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"CrOS", "Chromebook"},
		{"Macintosh", "Mac"}, {"Linux", "Linux"}}
)

func named(header string, names [][2]string) string {
	for _, n := range names {
		if strings.Contains(header, n[0]) {
			return n[1]
		}
	}
	return ""
}
