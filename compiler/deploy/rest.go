package deploy

import (
	"net"
	"strconv"

	"kcgen.dev/compiler/plan"
)

// usualPort is where Kafka Connect answers.
const usualPort = "8083"

// REST is where the pipeline answers. Others reach it.
type REST struct {
	Port       int
	TLS        bool
	ClientCert bool // clients must show a certificate
	Users      bool // clients must show a password; not for /health
}

// Scheme is http or https.
func (r *REST) Scheme() string {
	if r.TLS {
		return "https"
	}
	return "http"
}

// restOf is where a pipeline answers; nil where nobody else reaches it, which
// the note says then.
func (n *needs) restOf(worker *plan.Struct) (rest *REST, note string) {
	r := worker.Struct("rest")
	if r == nil {
		return nil, `worker.rest is not set: no probes and no metrics. With worker: rest: listen: ":8083" there are`
	}
	listen := r.Text("listen")
	n.listen(listen)
	listen, known := n.expand(listen)
	host, port, err := net.SplitHostPort(listen)
	number, _ := strconv.Atoi(port)
	switch ip := net.ParseIP(host); {
	case !known, err != nil:
		return nil, "worker.rest.listen hangs on the environment: no probes and no metrics"
	case number == 0:
		return nil, "worker.rest.listen has any free port, which nobody can name: no probes and no metrics"
	case host == "localhost", ip != nil && ip.IsLoopback():
		return nil, `worker.rest.listen is for this machine alone: no probes and no metrics. With ":` + port + `" there are`
	}
	tls := r.Struct("tls")
	users, _ := r.Get("basicAuth").Value.(*plan.Map)
	return &REST{Port: number, TLS: tls != nil, ClientCert: tls.Text("clientCAFile") != "", Users: users != nil && len(users.Keys) > 0}, ""
}

// listen gives a variable that says where to listen its usual value.
func (n *needs) listen(text string) {
	for _, v := range n.variables {
		switch ref := "${env:" + v.Name + "}"; {
		case v.Value != "":
		case text == ref:
			v.Value = ":" + usualPort
		case len(text) > len(ref) && text[len(text)-len(ref)-1:] == ":"+ref:
			v.Value = usualPort
		}
	}
}
