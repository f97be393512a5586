"""Work kept results out again: are they still what their inputs and their law say?"""
