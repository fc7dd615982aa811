"""The demo: `show` is what one watches; `people` sign and answer; `coaching` takes its course; `years` go by."""
