package artifact

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// licence is one that is known by its SPDX id, and phrases of its text that
// together are in no other's.
type licence struct {
	id     string
	has    []string
	hasNot string
}

const (
	bsdSource = "redistributions of source code must retain the above copyright"
	bsdBinary = "redistributions in binary form must reproduce the above copyright"
	bsdNames  = "endorse or promote products derived from"
	mitGrant  = "permission is hereby granted, free of charge, to any person obtaining a copy"
	mitNotice = "shall be included in all copies or substantial portions"
	iscGrant  = "permission to use, copy, modify, and/or distribute this software for any purpose"
	iscNotice = "provided that the above copyright notice and this permission notice appear in all copies"
)

// licences are those that Go modules are under. What is none of them is not
// guessed at.
var licences = []licence{
	{"0BSD", []string{iscGrant}, iscNotice},
	{"Apache-2.0", []string{"apache license version 2.0", "terms and conditions for use, reproduction, and distribution"}, ""},
	{"Apache-2.0", []string{"licensed under the apache license, version 2.0"}, "terms and conditions for use, reproduction, and distribution"},
	{"BSD-2-Clause", []string{bsdSource, bsdBinary}, bsdNames},
	{"BSD-3-Clause", []string{bsdSource, bsdBinary, bsdNames}, ""},
	{"CC0-1.0", []string{"creative commons", "cc0 1.0 universal"}, ""},
	{"ISC", []string{"distribute this software for any purpose with or without fee is hereby granted", iscNotice}, ""},
	{"MIT", []string{mitGrant, mitNotice}, ""},
	{"MIT-0", []string{mitGrant}, mitNotice},
	{"MPL-2.0", []string{"mozilla public license", "version 2.0", "covered software"}, ""},
	{"Unlicense", []string{"this is free and unencumbered software released into the public domain"}, ""},
}

var (
	licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)([-._].*)?$`)
	noticeFile  = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense|notice)([-._].*)?$`)
)

// maxLicence is more than any licence's text.
const maxLicence = 1 << 20

// licencesIn are the ids of the licences whose texts lie in a module's folder,
// sorted; none where there is no text, or an unknown one.
func licencesIn(dir string) []string {
	var ids []string
	for _, text := range textsIn(dir, licenceFile) {
		ids = append(ids, licencesOf(text)...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// textsIn are the texts of a folder's files of such names, in their order.
func textsIn(dir string, name *regexp.Regexp) []string {
	if dir == "" {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var texts []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > maxLicence || !name.MatchString(e.Name()) {
			continue
		}
		if text, err := os.ReadFile(filepath.Join(dir, e.Name())); err == nil {
			texts = append(texts, string(text))
		}
	}
	return texts
}

// licencesOf are the ids of the licences in a text.
func licencesOf(text string) []string {
	text = strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return r == ' ' || r == '\n' || r == '\r' || r == '\t' || r == '#' || r == '*' || r == '_'
	}), " ")
	var ids []string
	for _, l := range licences {
		if !slices.ContainsFunc(l.has, func(s string) bool { return !strings.Contains(text, s) }) && (l.hasNot == "" || !strings.Contains(text, l.hasNot)) {
			ids = append(ids, l.id)
		}
	}
	return ids
}
