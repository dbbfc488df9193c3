package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/rogpeppe/go-internal/testscript"

	"loge/provider/config"
	"loge/provider/registry"
	"loge/storage"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"loge": main}) }

// TestScripts runs testdata/*.txtar: each is a story at the console, in a
// folder of its own that has a config.yaml.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			port, err := freePort()
			if err != nil {
				return err
			}
			env.Setenv("PORT", port)
			return settings(filepath.Join(env.WorkDir, "config.yaml"), port)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits, "mode": mode, "get": get, "save": save, "terminate": terminate, "landlords": landlords, "accounts": accounts, "report": report, "people": people,
		},
	})
}

// settings writes the example's settings with a port of the test's own.
func settings(path, port string) error {
	example, err := os.ReadFile(filepath.Join("..", "..", "config.example.yaml"))
	if err != nil {
		return err
	}
	text := strings.NewReplacer("localhost:8080", "localhost:"+port, "127.0.0.1:8080", "127.0.0.1:"+port,
		"sqlite:loge.db", "sqlite:data/loge.db", "secret_file: loge.secret", "secret_file: data/loge.secret").Replace(string(example))
	return os.WriteFile(path, []byte(text), 0o600)
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port), nil
}

// exits STATUS PROGRAM ARGS… wants that exit status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS PROGRAM ARGS…")
	}
	err := ts.Exec(args[1], args[2:]...)
	status := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		status = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("exit status %d, want %s", status, args[0])
	}
}

// mode PERMISSIONS FILE… wants those permissions, as 0600.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	for _, file := range args[1:] {
		info, err := os.Stat(ts.MkAbs(file))
		ts.Check(err)
		if got := fmt.Sprintf("%04o", info.Mode().Perm()); (got == args[0]) == neg {
			ts.Fatalf("%s has mode %s", file, got)
		}
	}
}

// get URL waits until the server answers and prints status and body.
func get(ts *testscript.TestScript, neg bool, args []string) {
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		response, err := http.Get(args[0])
		if err != nil && time.Now().Before(end) {
			continue
		}
		ts.Check(err)
		body, err := io.ReadAll(response.Body)
		ts.Check(errors.Join(err, response.Body.Close()))
		fmt.Fprintf(ts.Stdout(), "%s\n%s", response.Status, body)
		return
	}
}

// save NAME REGEXP keeps the first group of the last output in a variable.
func save(ts *testscript.TestScript, neg bool, args []string) {
	found := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) != 2 {
		ts.Fatalf("no match for %s", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// terminate sends SIGTERM, as service managers do, to what runs in the
// background.
func terminate(ts *testscript.TestScript, neg bool, args []string) {
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(syscall.SIGTERM))
	}
}

// landlords N FILE writes an import file of N good rows.
func landlords(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	var rows strings.Builder
	rows.WriteString("numero_utilisateur;type;departement;nom;email\n")
	for i := range n {
		fmt.Fprintf(&rows, "%014d;physique;69;Vasseur;bailleur%d@exemple.fr\n", i+1, i)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(rows.String()), 0o600))
}

// accounts N wants that many accounts in the database; +N waits for so many.
func accounts(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	db, err := storage.Open(context.Background(), "sqlite:"+ts.MkAbs("data/loge.db"))
	ts.Check(err)
	defer db.Close()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		found, err := db.Accounts(context.Background(), "", want+1)
		ts.Check(err)
		switch {
		case len(found) == want, len(found) > want && strings.HasPrefix(args[0], "+"):
			return
		case !strings.HasPrefix(args[0], "+") || time.Now().After(end):
			ts.Fatalf("%d accounts, want %s", len(found), args[0])
		}
	}
}

// people NUMBER IDENTIFIER… has the person whom the organisation was opened for
// finish the first sign-in, and gives it the colleagues named after her.
func people(ts *testscript.TestScript, neg bool, args []string) {
	ctx := context.Background()
	db, err := storage.Open(ctx, "sqlite:"+ts.MkAbs("data/loge.db"))
	ts.Check(err)
	defer db.Close()
	a, err := db.AccountByNumber(ctx, args[0])
	ts.Check(err)
	ts.Check(db.InTx(ctx, func(q *storage.Queries) error {
		for i, identifier := range args[1:] {
			if i > 0 {
				u := storage.User{ID: storage.NewID(), AccountID: a.ID, Identifier: identifier, Role: storage.RoleMember, State: storage.StateIssued, CreatedAt: storage.At(time.Now())}
				if err := q.CreateUser(ctx, u); err != nil {
					return err
				}
			}
			u, err := q.UserByIdentifier(ctx, identifier)
			if err != nil {
				return err
			}
			if i == 0 {
				if err := q.ClaimOrganisation(ctx, a.ID, u.ID, storage.At(time.Now())); err != nil {
					return err
				}
			}
			if _, err := q.SetPassword(ctx, u.ID, "hash", true, storage.At(time.Now())); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Arguments are visible to every process of the machine: none may be a secret.
func TestNoArgumentIsASecret(t *testing.T) {
	parser, err := kong.New(&cli{}, kong.Vars{"scopes": strings.Join(registry.Scopes, ",")})
	if err != nil {
		t.Fatal(err)
	}
	secret := regexp.MustCompile(`(?i)secret|password|passphrase|token|credential|(^|-)(key|pin|code)$`)
	count := 0
	var walk func(n *kong.Node, path string)
	check := func(v *kong.Value, path string) {
		count++
		if secret.MatchString(v.Name) && !strings.HasSuffix(v.Name, "-dir") { // the name of a folder is none
			t.Errorf("%s: argument %q sounds like a secret: read it from a file, the environment or standard input", path, v.Name)
		}
		for typ := v.Target.Type(); ; typ = typ.Elem() {
			if typ == reflect.TypeFor[config.Secret]() {
				t.Errorf("%s: argument %q has the type of secrets", path, v.Name)
			}
			if !slices.Contains([]reflect.Kind{reflect.Slice, reflect.Pointer}, typ.Kind()) {
				return
			}
		}
	}
	walk = func(n *kong.Node, path string) {
		for _, f := range n.Flags {
			check(f.Value, path)
		}
		for _, p := range n.Positional {
			check(p, path)
		}
		for _, child := range n.Children {
			walk(child, path+" "+child.Name)
		}
	}
	walk(parser.Model.Node, "loge")
	if count < 20 {
		t.Errorf("only %d arguments were found: the walk is broken", count)
	}
}

// Every command of the tree is in the list that stays (design.md §7), and says
// what it does.
func TestCommandTree(t *testing.T) {
	parser, err := kong.New(&cli{}, kong.Vars{"scopes": ""})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, leaf := range parser.Model.Leaves(true) {
		got = append(got, leaf.Path())
		if leaf.Help == "" {
			t.Errorf("%s says nothing about itself", leaf.Path())
		}
	}
	want := strings.Split(`serve,check,migrate,account import,account list,account show,account rights,account suspend,account reopen,account reset,account reissue,account administrator appoint,account administrator demote,account administrator undo,account close,account keep,account factor list,account factor remove,letter print,letter printed,letter runs,letter reprint,letter returned,mail bounce,client add,client apply,client export,client list,client show,client secret,client invite,client invitations,client uninvite,client disable,document publish,document list,key list,key rotate,audit verify,audit export,backup,demo,version`, ",")
	if !slices.Equal(got, want) {
		t.Errorf("commands\n%q, want\n%q", got, want)
	}
}
