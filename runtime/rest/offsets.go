package rest

import (
	"net/http"
	"slices"

	"kcgen.dev/runtime/offset"
)

func (h *Handler) offsets() []endpoint {
	return []endpoint{
		{method: "GET", path: "/connectors/{}/offsets", serve: h.getOffsets},
		{method: "PATCH", path: "/connectors/{}/offsets", serve: h.alterOffsets, body: true},
		{method: "DELETE", path: "/connectors/{}/offsets", serve: h.resetOffsets},
	}
}

func (h *Handler) getOffsets(c *call) (answer, error) {
	x, err := h.connector(c, notFound)
	if err != nil {
		return answer{}, err
	}
	list, err := h.o.Herder.Offsets(c.ctx, x.Name)
	if list == nil {
		list = []offset.Position{}
	}
	return answer{http.StatusOK, offset.Positions{Offsets: list}}, err
}

type message struct {
	Message string `json:"message"`
}

// alterOffsets changes positions (KIP-875).
func (h *Handler) alterOffsets(c *call) (answer, error) {
	x, err := h.connector(c, notFound)
	if err != nil {
		return answer{}, err
	}
	list, err := parseOffsets(c.body)
	if err != nil {
		return answer{}, err
	}
	if err := h.o.Herder.AlterOffsets(c.ctx, x.Name, list); err != nil {
		return answer{}, err
	}
	return ok(message{offset.AlteredMessage})
}

func (h *Handler) resetOffsets(c *call) (answer, error) {
	x, err := h.connector(c, notFound)
	if err != nil {
		return answer{}, err
	}
	if err := h.o.Herder.ResetOffsets(c.ctx, x.Name); err != nil {
		return answer{}, err
	}
	return ok(message{offset.ResetMessage})
}

// parseOffsets reads {"offsets": [{"partition": {…}, "offset": {…} or null}]}.
// What positions may be is for package offset; that there is nothing else, and
// nothing twice, is seen to here, as of all bodies.
func parseOffsets(body []byte) ([]offset.Position, error) {
	o, err := parseObject(body)
	if err != nil {
		return nil, err
	}
	if err := onlyKnown(o, "offsets"); err != nil {
		return nil, err
	}
	entries, _ := o.get("offsets").(array)
	for _, e := range entries {
		one, _ := e.(object)
		if err := onlyKnown(one, "partition", "offset"); err != nil {
			return nil, err
		}
	}
	return offset.ParsePositions(body)
}

func onlyKnown(o object, known ...string) error {
	for _, m := range o {
		if !slices.Contains(known, m.name) {
			return fail(http.StatusBadRequest, "Unrecognized field %q", clip(m.name))
		}
	}
	return nil
}
