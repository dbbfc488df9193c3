package demo

import (
	"context"
	"fmt"
	"slices"

	"loge/provider/delivery"
)

// print prints the letters that wait and keeps beside each PDF what it says.
func (a *agency) print(ctx context.Context) error {
	a.printed = nil
	runs, err := a.delivery.Print(ctx, a.demo.path("letters"), actor)
	if err != nil {
		return fmt.Errorf("print letters: %w", err)
	}
	runs = slices.DeleteFunc(runs, func(r delivery.Run) bool { return r.File == "" }) // nothing went through the printer
	for i, run := range runs {
		if err := keepRun(run.File, a.printed[i]); err != nil {
			return err
		}
	}
	return nil
}
