"""Follow-ups in calendars: publish ours, absorb what people changed, close what was answered."""
