//! Front doors: the NATS service and the in-process bus.
