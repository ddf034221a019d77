"""Every published fact, one module per slice. Kernel types only; any slice may read any fact."""
