//! One simulated run: ties workload, gate, placement, hypervisor and metrics together.
