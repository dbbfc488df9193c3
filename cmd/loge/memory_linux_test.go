package main

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"loge/provider/providertest"
)

func TestOnlyUnwrittenPagesOfTheProgramAreGivenBack(t *testing.T) {
	const program = "/opt/loge server/loge"
	tests := []struct {
		name, first     string
		anonymous, swap int
		given           bool
	}{
		{"text", "00403000-011c8000 r-xp 00003000 fe:00 9977883                            /opt/loge server/loge", 0, 0, true},
		{"read-only data", "00403000-011c8000 r--p 00dc8000 fe:00 9977883                            /opt/loge server/loge", 0, 0, true},
		{"relocated, then protected", "00403000-011c8000 r--p 01d12000 fe:00 9977883                            /opt/loge server/loge", 12, 0, false},
		{"relocated, then swapped out", "00403000-011c8000 r--p 01d12000 fe:00 9977883                            /opt/loge server/loge", 0, 12, false},
		{"a breakpoint in the text", "00403000-011c8000 r-xp 00003000 fe:00 9977883                            /opt/loge server/loge", 4, 0, false},
		{"variables", "00403000-011c8000 rw-p 01d16000 fe:00 9977883                            /opt/loge server/loge", 0, 0, false},
		{"shared", "00403000-011c8000 r--s 00000000 fe:00 9977883                            /opt/loge server/loge", 0, 0, false},
		{"not to be read", "00403000-011c8000 ---p 00000000 fe:00 9977883                            /opt/loge server/loge", 0, 0, false},
		{"no file", "00403000-011c8000 r--p 00000000 00:00 0 ", 0, 0, false},
		{"of the kernel", "00403000-011c8000 r-xp 00000000 00:00 0                                  [vdso]", 0, 0, false},
		{"a library", "00403000-011c8000 r-xp 00026000 fe:00 326269                             /usr/lib/x86_64-linux-gnu/libc.so.6", 0, 0, false},
		{"a library's relocations", "00403000-011c8000 r--p 001d0000 fe:00 326269                             /usr/lib/x86_64-linux-gnu/libc.so.6", 16, 0, false},
		{"another program, replaced since", "00403000-011c8000 r-xp 00003000 fe:00 9977883                            /opt/loge server/loge (deleted)", 0, 0, false},
		{"a name that ends alike", "00403000-011c8000 r-xp 00003000 fe:00 9977883                            /srv/opt/loge server/loge", 0, 0, false},
		{"no addresses", "heap r-xp 00003000 fe:00 9977883                            /opt/loge server/loge", 0, 0, false},
	}
	var all string
	var wanted []mapping
	for _, test := range tests {
		text := smapsOf(test.first, test.anonymous, test.swap)
		var want []mapping
		if test.given {
			want = []mapping{{0x403000, 0x11c8000}}
		}
		if got := unwritten(text, program); !slices.Equal(got, want) {
			t.Errorf("%s: %x, want %x", test.name, got, want)
		}
		all, wanted = all+text, append(wanted, want...)
	}
	if got := unwritten(all, program); !slices.Equal(got, wanted) {
		t.Errorf("all together: %x, want %x", got, wanted)
	}
	text := smapsOf(tests[0].first+" (deleted)", 0, 0)
	if got := unwritten(text, program+" (deleted)"); len(got) != 1 {
		t.Errorf("this program, replaced since: %x", got)
	}
}

// smapsOf is what the kernel says about one mapping, in /proc/self/smaps.
func smapsOf(first string, anonymous, swap int) string {
	return fmt.Sprintf(`%s
Size:              14100 kB
KernelPageSize:        4 kB
MMUPageSize:           4 kB
Rss:                2932 kB
Pss:                2932 kB
Pss_Dirty:             0 kB
Shared_Clean:          0 kB
Shared_Dirty:          0 kB
Private_Clean:      2932 kB
Private_Dirty:         0 kB
Referenced:         2932 kB
Anonymous:      %8d kB
KSM:                   0 kB
LazyFree:              0 kB
AnonHugePages:         0 kB
ShmemPmdMapped:        0 kB
FilePmdMapped:         0 kB
Shared_Hugetlb:        0 kB
Private_Hugetlb:       0 kB
Swap:           %8d kB
SwapPss:               0 kB
Locked:                0 kB
THPeligible:           0
VmFlags: rd ex mr mw me sd 
`, first, anonymous, swap)
}

// A server that has settled holds less of its program than its start ran
// through, and serves as before.
func TestSettledServerHoldsLessOfItsProgram(t *testing.T) {
	t.Parallel()
	k := newKilled(t)
	// A test held up for a second sees only the settled server, and starts it again.
	k.wait("less memory of the program", func() bool {
		k.kill()
		k.start()
		for most, end := k.fileMemory(), time.Now().Add(5*time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			now := k.fileMemory()
			if now < most*2/3 {
				return true
			}
			most = max(most, now)
		}
		return false
	})
	discovery, err := http.NewRequestWithContext(t.Context(), http.MethodGet, k.url+"/.well-known/openid-configuration", nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer := providertest.Call(t, discovery); answer.Status != http.StatusOK || answer.JSON["issuer"] != k.url {
		t.Errorf("discovery: %+v", answer)
	}
	page := k.browser.Get(k.authorize(oauth2.GenerateVerifier()))
	if page = page.Submit("identifiant", k.identifier, "mot_de_passe", k.provisional); page.H1() != "Vérifiez vos renseignements" {
		t.Errorf("the sign-in shows « %s »", page.H1())
	}
}

// fileMemory is what the server holds of files, in kB.
func (k *killed) fileMemory() (kB int) {
	k.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", k.process.Process.Pid))
	if err != nil {
		k.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "RssFile:")
	if _, err := fmt.Sscan(rest, &kB); err != nil {
		k.t.Fatalf("%v in %s", err, status)
	}
	return kB
}
