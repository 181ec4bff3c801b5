"""Training of the miniature generator from scratch: examples, autoencoder, diffusion."""
