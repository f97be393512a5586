"""Product footprints over HTTP as PACT 3.0 has it: for partners a server, to partners a client."""
