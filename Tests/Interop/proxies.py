def client_through_proxies(p, f, d): pass
