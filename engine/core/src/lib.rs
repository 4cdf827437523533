//! The decision core: command -> decide -> events -> apply -> state. Pure.
