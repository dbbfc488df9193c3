package web_test

import (
	"net/http/httptest"
	"net/netip"
	"testing"

	"loge/provider/web"
)

func TestClientAddress(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	tests := []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"direct", "192.0.2.1:4711", nil, "192.0.2.1"},
		{"direct, forged", "192.0.2.1:4711", []string{"203.0.113.9"}, "192.0.2.1"},
		{"proxy", "10.1.2.3:80", []string{"203.0.113.9"}, "203.0.113.9"},
		{"proxy, no header", "10.1.2.3:80", nil, "10.1.2.3"},
		{"proxy, forged entry before", "10.1.2.3:80", []string{"198.51.100.7, 203.0.113.9"}, "203.0.113.9"},
		{"two proxies", "10.1.2.3:80", []string{"198.51.100.7, 203.0.113.9, 10.9.9.9"}, "203.0.113.9"},
		{"two headers", "10.1.2.3:80", []string{"203.0.113.9", "10.9.9.9"}, "203.0.113.9"},
		{"all ours", "10.1.2.3:80", []string{"10.7.7.7, 10.9.9.9"}, "10.7.7.7"},
		{"garbage", "10.1.2.3:80", []string{"unknown"}, "10.1.2.3"},
		{"empty", "10.1.2.3:80", []string{""}, "10.1.2.3"},
		{"garbage at the right", "10.1.2.3:80", []string{"203.0.113.9, <script>"}, "10.1.2.3"},
		{"garbage beyond the client", "10.1.2.3:80", []string{"<script>, 203.0.113.9"}, "203.0.113.9"},
		{"with port", "10.1.2.3:80", []string{"203.0.113.9:5555"}, "203.0.113.9"},
		{"IPv6 with port", "10.1.2.3:80", []string{"[2001:db8::1]:5555"}, "2001:db8::1"},
		{"IPv6 in brackets", "10.1.2.3:80", []string{"[2001:db8::1]"}, "2001:db8::1"},
		{"IPv6 proxy", "[fd00::1]:80", []string{"2001:db8::1"}, "2001:db8::1"},
		{"mapped proxy", "[::ffff:10.1.2.3]:80", []string{"203.0.113.9"}, "203.0.113.9"},
		{"mapped client", "10.1.2.3:80", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{"zone", "[fe80::1%eth0]:80", nil, "fe80::1"},
		{"socket", "@", []string{"203.0.113.9"}, "invalid IP"},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = tt.peer
		for _, f := range tt.forwarded {
			r.Header.Add("X-Forwarded-For", f)
		}
		// Headers that other servers read; we never do.
		r.Header.Set("Forwarded", "for=198.51.100.99")
		r.Header.Set("X-Real-Ip", "198.51.100.99")
		r.Header.Set("X-Forwarded-Host", "evil.example")
		if got := web.ClientAddress(r, trusted); got.String() != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestAddressKey(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1":            "192.0.2.1",
		"::ffff:192.0.2.1":     "192.0.2.1",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::1": "2001:db8:1:2::/64",
		"2001:db8:1:3::1":      "2001:db8:1:3::/64",
		"fe80::1%eth0":         "fe80::/64",
		"fe80::9%wlan0":        "fe80::/64",
	} {
		if got := web.AddressKey(netip.MustParseAddr(in)); got != want {
			t.Errorf("AddressKey(%s) = %q, want %q", in, got, want)
		}
	}
	if got := web.AddressKey(netip.Addr{}); got != "unknown" {
		t.Errorf("AddressKey(zero) = %q", got)
	}
}
