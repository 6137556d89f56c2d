"""What tests share: inputs that are drawn or fixed, programs they start, and plain values to compare."""
