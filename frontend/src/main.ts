import "./styles/main.css";
import "virtual:themes.css";
import htmx from "htmx.org";

import { keys } from "./elements/keys";
import { menu } from "./elements/menu";
import { search } from "./elements/search";
import { theme } from "./elements/theme";

htmx.config.mode = "same-origin";

theme();
menu();
keys();
search();
