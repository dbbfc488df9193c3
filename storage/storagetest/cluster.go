package storagetest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// cluster is the private PostgreSQL of this process, or nil.
var cluster struct {
	dir  string
	bin  string
	cred *syscall.Credential
}

// startCluster makes a PostgreSQL cluster in a temporary folder, on a free
// port of loopback, without durability, and returns its address.
func startCluster() (string, error) {
	bin, err := postgresBin()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "loge-postgres-")
	if err != nil {
		return "", fmt.Errorf("make folder for PostgreSQL: %w", err)
	}
	cluster.dir, cluster.bin = dir, bin
	if err := becomeServer(dir); err != nil {
		return "", err
	}
	data := filepath.Join(dir, "data")
	if err := run("initdb", "-D", data, "-U", "loge", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"); err != nil {
		return "", err
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	options := fmt.Sprintf("-c listen_addresses=127.0.0.1 -p %d -c unix_socket_directories='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200", port)
	if err := run("pg_ctl", "-D", data, "-w", "-l", filepath.Join(dir, "log"), "-o", options, "start"); err != nil {
		return "", err
	}
	return fmt.Sprintf("postgres://loge@127.0.0.1:%d/postgres?sslmode=disable", port), nil
}

// stopCluster ends the private cluster, if there is one.
func stopCluster() {
	if cluster.dir == "" {
		return
	}
	if err := run("pg_ctl", "-D", filepath.Join(cluster.dir, "data"), "-m", "immediate", "stop"); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if err := os.RemoveAll(cluster.dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// postgresBin finds the newest installed server's programs.
func postgresBin() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // Debian keeps them out of PATH
	more, _ := filepath.Glob("/usr/pgsql-*/bin/initdb")           // and so do PostgreSQL's own packages
	found = append(found, more...)
	if len(found) == 0 {
		return "", errors.New("no PostgreSQL server is installed: install the package postgresql (Debian, Ubuntu), postgresql-server (Fedora) or postgresql (others), or run make test, which does")
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

// becomeServer picks the account that runs the server: PostgreSQL refuses root.
func becomeServer(dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		if account, err = user.Lookup("nobody"); err != nil {
			return fmt.Errorf("find an account that is not root for PostgreSQL: %w", err)
		}
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		return fmt.Errorf("read uid of %s: %w", account.Username, err)
	}
	gid, err := strconv.Atoi(account.Gid)
	if err != nil {
		return fmt.Errorf("read gid of %s: %w", account.Username, err)
	}
	cluster.cred = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(dir, uid, gid)
}

func run(program string, args ...string) error {
	cmd := exec.Command(filepath.Join(cluster.bin, program), args...)
	cmd.Dir = cluster.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cluster.cred}
	log, err := os.CreateTemp("", "loge-postgres-out-")
	if err != nil {
		return err
	}
	defer os.Remove(log.Name())
	defer log.Close()
	// A file, not a pipe: the server inherits it and would keep a pipe open.
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		out, _ := os.ReadFile(log.Name())
		return fmt.Errorf("%s: %w\n%s", program, err, out)
	}
	return nil
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
