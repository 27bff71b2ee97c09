import "./styles/main.css";
import "virtual:themes.css";
import htmx from "htmx.org";

import { board } from "./elements/board";
import { drawer } from "./elements/drawer";
import { drop } from "./elements/drop";
import { filters } from "./elements/filters";
import { forecast } from "./elements/forecast";
import { image } from "./elements/image";
import { keys } from "./elements/keys";
import { kinds } from "./elements/kinds";
import { live } from "./elements/live";
import { mention } from "./elements/mention";
import { menu } from "./elements/menu";
import { numbers } from "./elements/numbers";
import { search } from "./elements/search";
import { theme } from "./elements/theme";
import { tree } from "./elements/tree";
import { whatIf } from "./elements/what-if";

htmx.config.mode = "same-origin";

theme();
tree();
kinds();
menu();
mention();
live();
keys();
search();
numbers();
drawer();
drop();
filters();
image();
board();
whatIf();
forecast();
