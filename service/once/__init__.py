"""Every POST may carry a key that makes it count once: the same request again gets the same answer."""
