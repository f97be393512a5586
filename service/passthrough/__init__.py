"""What share of a carbon cost reaches prices, over HTTP and in the terminal."""
