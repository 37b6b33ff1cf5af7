"""Commands, above layer 9: the command line `smswire`; each command is loaded when it is called."""
