package terms

import (
	"bytes"
	"fmt"
	"html/template"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdown renders what an operator writes. goldmark leaves out raw HTML and
// links to javascript:, vbscript:, file: and data: unless told otherwise.
// Cell alignment is dropped: it would be a style attribute, which the pages'
// content security policy forbids.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignNone))),
	goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(fitPage{}, 100))),
)

// Render turns a Markdown text (CommonMark and tables) into HTML for the inside
// of a page that has its own h1: headings start at h2. Raw HTML is left out, and
// an image becomes its description, since pages load nothing from elsewhere.
func Render(source string) (template.HTML, error) {
	var html bytes.Buffer
	if err := markdown.Convert([]byte(source), &html); err != nil {
		return "", fmt.Errorf("render document: %w", err)
	}
	return template.HTML(html.String()), nil
}

// fitPage lowers headings by one level and replaces images by their text.
type fitPage struct{}

func (fitPage) Transform(document *ast.Document, _ text.Reader, _ parser.Context) {
	var images []ast.Node
	_ = ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // our function never fails
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			n.Level = min(n.Level+1, 6)
		case *ast.Image:
			images = append(images, n)
		}
		return ast.WalkContinue, nil
	})
	for _, image := range images {
		parent := image.Parent()
		for child := image.FirstChild(); child != nil; child = image.FirstChild() {
			parent.InsertBefore(parent, image, child) // moves it out of the image
		}
		parent.RemoveChild(parent, image)
	}
}
