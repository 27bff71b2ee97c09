import "./styles/main.css";
import "virtual:themes.css";
import htmx from "htmx.org";

import { board } from "./elements/board";
import { drawer } from "./elements/drawer";
import { filters } from "./elements/filters";
import { keys } from "./elements/keys";
import { live } from "./elements/live";
import { menu } from "./elements/menu";
import { search } from "./elements/search";
import { theme } from "./elements/theme";

htmx.config.mode = "same-origin";

theme();
menu();
live();
keys();
search();
drawer();
filters();
board();
