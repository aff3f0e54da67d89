package registry

import "testing"

// A registry that tells whom it refuses may tell no secret.
func TestHush(t *testing.T) {
	for _, test := range []struct{ authorization, said, want string }{
		{"Bearer t0ken+/", "no Bearer t0ken+/ or t0ken%2B%2F", "no Bearer [secret] or [secret]"},
		{"Basic bWU6cGEmc3M=", "no Basic bWU6cGEmc3M= (me:pa&ss, pa%26ss)", "no Basic [secret] (me:[secret], [secret])"},
		{"Basic not base64", "not base64", "[secret]"},
		{"Basic bWU6", "me: no", "me: no"}, // without a password
		{"", "no login", "no login"},
	} {
		if got := hushes(test.authorization).Replace(test.said); got != test.want {
			t.Errorf("%q: %q, want %q", test.authorization, got, test.want)
		}
	}
}
