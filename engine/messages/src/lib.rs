//! What goes over the wire: envelope, JSON types, limits.
