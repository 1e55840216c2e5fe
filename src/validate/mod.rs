//! The gate: a fixed pipeline of small rule groups in one total order.
