package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
)

const (
	maxLogoBytes = 200 << 10
	maxLogoSide  = 512 // pixels
)

// Logo is a picture that may be shown on our own pages: made anew from its
// pixels, so that nothing else that was in the file is left.
type Logo struct {
	Type  string // image/png or image/jpeg
	Image []byte
}

// fetchLogo fetches and reads a logo.
func fetchLogo(ctx context.Context, address string, fetch Fetch) (*Logo, error) {
	body, err := fetch(ctx, address)
	if err != nil {
		return nil, err
	}
	return ReadLogo(body)
}

// ReadLogo makes a logo of a file: PNG or JPEG, told by its content and not by
// its name, at most 200 KiB and 512 pixels on each side. The size is read before
// the pixels are, so that a small file cannot become a huge picture.
func ReadLogo(body []byte) (*Logo, error) {
	if len(body) > maxLogoBytes {
		return nil, fmt.Errorf("the picture has more than %d bytes", maxLogoBytes)
	}
	size, kind, err := image.DecodeConfig(bytes.NewReader(body))
	if err != nil || kind != "png" && kind != "jpeg" {
		return nil, errors.New("not a PNG or JPEG picture")
	}
	if size.Width < 1 || size.Height < 1 || size.Width > maxLogoSide || size.Height > maxLogoSide {
		return nil, fmt.Errorf("the picture has %d × %d pixels: %d × %d at most", size.Width, size.Height, maxLogoSide, maxLogoSide)
	}
	picture, _, err := image.Decode(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("the picture is damaged: %w", err)
	}
	var out bytes.Buffer
	if kind == "jpeg" {
		err = jpeg.Encode(&out, picture, &jpeg.Options{Quality: 90})
	} else {
		err = png.Encode(&out, picture)
	}
	if err != nil {
		return nil, fmt.Errorf("write picture: %w", err)
	}
	return &Logo{Type: "image/" + kind, Image: out.Bytes()}, nil
}
