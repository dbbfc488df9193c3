package session

import (
	"context"
	"fmt"
	"net/url"

	"loge/provider/web"
)

// maxFrames bounds what a browser loads when its person signs out.
const maxFrames = 20

// Frames are the addresses that the browser loads when a session has ended, so
// that the applications which asked for it end theirs in that very browser
// (OpenID Connect Front-Channel Logout 1.0 §2). They see cookies of theirs only
// where the browser gives these to frames of another site; a logout token, by
// the back channel, always arrives.
func (m *Manager) Frames(ctx context.Context, sessionID, issuer string) ([]web.Frame, error) {
	if sessionID == "" {
		return nil, nil
	}
	clients, err := m.DB.ClientsOfSession(ctx, sessionID)
	if err != nil {
		return nil, fmt.Errorf("load applications of the session: %w", err)
	}
	var frames []web.Frame
	for _, c := range clients {
		address := c.Metadata.FrontchannelLogoutURI
		if address == "" || len(frames) == maxFrames {
			continue
		}
		if c.Metadata.FrontchannelLogoutSessionRequired {
			if address, err = withSession(address, issuer, sessionID); err != nil {
				return nil, fmt.Errorf("frontchannel_logout_uri of client %q: %w", c.ID, err)
			}
		}
		frames = append(frames, web.Frame{Application: c.Name, Address: address})
	}
	return frames, nil
}

// withSession adds iss and sid to what the address has.
func withSession(address, issuer, sessionID string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	added := url.Values{"iss": {issuer}, "sid": {sessionID}}.Encode()
	if u.RawQuery != "" {
		added = u.RawQuery + "&" + added
	}
	u.RawQuery = added
	return u.String(), nil
}
