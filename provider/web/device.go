package web

import (
	"net/http"
	"strings"
)

// Names of browsers and systems, by what their User-Agent holds. The first that
// fits is it: browsers name those they resemble as well.
var (
	browsers = [][2]string{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	}
	systems = [][2]string{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"CrOS", "ChromeOS"},
		{"Macintosh", "Mac"}, {"Linux", "Linux"},
	}
)

// DeviceName says in French from which browser and system a request comes.
func DeviceName(r *http.Request) string { return AgentName(r.UserAgent()) }

// AgentName says in French what a User-Agent header names: « Firefox sur
// Android ». Only names that we know are ever said, so that nobody writes into a
// mail or a page by what his browser calls itself.
func AgentName(agent string) string {
	agent = agent[:min(len(agent), 500)]
	browser, system := called(browsers, agent), called(systems, agent)
	switch {
	case browser == "" && system == "":
		return "navigateur inconnu"
	case browser == "":
		return "navigateur inconnu sur " + system
	case system == "":
		return browser
	}
	return browser + " sur " + system
}

func called(names [][2]string, agent string) string {
	for _, name := range names {
		if strings.Contains(agent, name[0]) {
			return name[1]
		}
	}
	return ""
}
