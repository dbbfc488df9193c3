package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"loge/provider/operator"
	"loge/storage"
)

type clientInviteCmd struct {
	Expires   time.Duration `help:"How long it can be used, up to 2160h (90 days)." default:"168h" placeholder:"168h"`
	Uses      int           `help:"How many applications may be registered with it." default:"1"`
	Scope     []string      `help:"The most these may ask for beside openid: ${scopes}. Default: profile,email,bailleur."`
	Publisher string        `help:"Who will run them, as people read it; what each application says when left out."`
	Out       string        `help:"Write the access token to this new file instead of showing it." type:"path" placeholder:"FILE"`
}

// invitationDetails is an invitation as it is shown; its token once.
type invitationDetails struct {
	ID        string   `json:"id"`
	Token     string   `json:"initial_access_token,omitempty"`
	Endpoint  string   `json:"registration_endpoint,omitempty"`
	Publisher string   `json:"publisher,omitempty"`
	Scopes    []string `json:"scopes"`
	Uses      int64    `json:"uses_left"`
	By        string   `json:"created_by"`
	Expires   string   `json:"expires"`
}

func invitationOf(i storage.Invitation) invitationDetails {
	return invitationDetails{ID: i.ID, Publisher: i.Publisher, Scopes: strings.Fields(i.Scopes), Uses: i.UsesLeft, By: i.CreatedBy, Expires: date(i.ExpiresAt)}
}

func (c clientInviteCmd) Run(a *app) error {
	cfg, err := a.settings()
	if err != nil {
		return err
	}
	if _, err := os.Lstat(c.Out); c.Out != "" && err == nil {
		return errors.New(c.Out + " is there already: choose another file")
	}
	office, err := a.operator()
	if err != nil {
		return err
	}
	defer office.DB.Close()
	invitation, token, err := office.Invite(a.ctx, operator.NewInvitation{Publisher: c.Publisher, Scopes: c.Scope, Uses: c.Uses, Life: c.Expires})
	if err != nil {
		return err
	}
	d := invitationOf(invitation)
	d.Endpoint = cfg.Issuer + "/oauth2/register"
	if c.Out == "" {
		d.Token = token
	} else if err := secretFile(c.Out, token); err != nil {
		return fmt.Errorf("the invitation is stored, but its token is not: %w: loge client uninvite %s ends it", err, d.ID)
	}
	return a.print(d, func() {
		a.say("Whoever brings this token may register %d application(s) until %s:\n", d.Uses, d.Expires)
		a.say("  registration_endpoint  %s", d.Endpoint)
		if c.Out == "" {
			a.say("  initial access token   %s", d.Token)
		} else {
			a.say("  initial access token   in %s", c.Out)
		}
		a.say("  scopes                 %s", invitation.Scopes)
		a.say("\nThe token is shown this once. loge client uninvite %s ends it.", d.ID)
	})
}

type clientInvitationsCmd struct{}

func (clientInvitationsCmd) Run(a *app) error {
	db, err := a.look()
	if err != nil {
		return err
	}
	defer db.Close()
	invitations, err := db.Invitations(a.ctx, storage.At(a.now()))
	if err != nil {
		return fmt.Errorf("list invitations: %w", err)
	}
	list := make([]invitationDetails, 0, len(invitations))
	for _, i := range invitations {
		list = append(list, invitationOf(i))
	}
	return a.print(map[string]any{"invitations": list}, func() {
		for _, i := range list {
			a.say("%s  %3d left  until %s  %s", i.ID, i.Uses, i.Expires, strings.Join(i.Scopes, " "))
		}
		if len(list) == 0 {
			a.say("No invitation: applications cannot register themselves. loge client invite makes one.")
		}
	})
}

type clientUninviteCmd struct {
	ID string `arg:"" help:"Of the invitation; see loge client invitations."`
}

func (c clientUninviteCmd) Run(a *app) error {
	office, err := a.operator()
	if err != nil {
		return err
	}
	defer office.DB.Close()
	if err := office.EndInvitation(a.ctx, c.ID); err != nil {
		return err
	}
	return a.print(map[string]any{"id": c.ID, "uses_left": 0}, func() {
		a.say("The invitation cannot be used any more; what was registered with it stays.")
	})
}
