"""Product carbon footprints as the PACT network exchanges them: version 3, what comes in other forms, what is asked of them."""
